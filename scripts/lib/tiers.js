/**
 * The test tiers: one table of what there is, and how each is run and counted. The count comes from vitest's JSON report, and
 * whatever is not a pass is a failure: a skipped test, a file that does not load, a runner that dies.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { failure, within } from './count.js';
import { ROOT, run } from './run.js';

/**
 * @typedef {import('./count.js').Count} Count
 * @typedef {{ numPassedTests: number, numTotalTests: number, testResults: File[] }} Report
 * @typedef {{ name: string, status: string, message?: string, startTime?: number, endTime?: number,
 *   assertionResults: Test[] }} File `startTime`, `endTime`: Unix ms
 * @typedef {{ status: string, fullName: string, failureMessages?: string[], meta?: { tracer?: Facts } }} Test
 * @typedef {{ verdictPath: string, hooks: string[], lacks: string[] }} Facts what test/kernel/surfaces.test.ts found out of this kernel
 * @typedef {{ name: string, inAll?: true, apart?: true, beside?: string, repeats?: true, budget: number }} Tier
 *   `inAll`: part of `npm run test:all` only; `apart`: run by its name only, since it needs packages of its own; `beside`: it needs
 *   nothing but processor time, and takes what that tier leaves of it; `repeats`: the kernel has a part in what its tests see, so a file that failed runs once more (repeat.js);
 *   `budget`: seconds it may take on an idle machine with two cores
 */

/**
 * In the order of the data path's needs: each tier relies on what the one before has shown, unless both run at once. A new tier is
 * a line here, and a project in vitest.config.ts.
 * @type {readonly Tier[]}
 */
export const TIERS = [
  { name: 'native', budget: 50 },
  { name: 'unit', budget: 100 },
  { name: 'screens', beside: 'kernel', repeats: true, budget: 400 },
  { name: 'lint', beside: 'kernel', budget: 300 },
  { name: 'kernel', repeats: true, budget: 430 },
  { name: 'e2e', repeats: true, budget: 300 },
  { name: 'containers', apart: true, repeats: true, budget: 540 },
  { name: 'fixes', apart: true, repeats: true, budget: 180 },
  { name: 'image', apart: true, repeats: true, budget: 600 },
  { name: 'operator', inAll: true, repeats: true, budget: 420 },
  { name: 'scenes', inAll: true, repeats: true, budget: 240 },
  { name: 'sanitized', inAll: true, beside: 'scenes', repeats: true, budget: 240 },
  { name: 'faults', inAll: true, repeats: true, budget: 600 },
  { name: 'load', inAll: true, repeats: true, budget: 900 },
  { name: 'packages', inAll: true, repeats: true, budget: 420 },
  { name: 'systems', apart: true, repeats: true, budget: 900 },
  { name: 'arm64', apart: true, budget: 900 },
  { name: 'kernels', inAll: true, budget: 2400 },
];

/**
 * @param {string[]} chosen
 * @returns {{ tier: string, beside: string[] }[]} what runs one after the other, and what runs beside each
 */
export function phasesOf(chosen) {
  const present = TIERS.filter(({ name }) => chosen.includes(name));
  const alone = present.filter(({ beside }) => beside === undefined || !chosen.includes(beside));
  return alone.map(({ name }) => ({
    tier: name,
    beside: present.filter(({ beside }) => beside === name).map((tier) => tier.name),
  }));
}

/** What test/faults/load.ts and test/support/patience.ts read. */
const LOAD = { FAULTS_LOOPS: '20', TEST_PATIENCE: '4' };

/** From now on tiers that can do so run beside twenty loops that only compute; what the environment says already stays. */
export function loadMachine() {
  Object.assign(process.env, { ...LOAD, ...process.env });
}

/** @param {string} text @returns {string} without colours */
const firstLine = (text) => stripVTControlCharacters(text).split('\n')[0] ?? '';

/** @param {Test} test */
const whyOf = ({ status, failureMessages }) =>
  status === 'failed' ? firstLine(failureMessages?.[0] ?? '') : 'not run, counts as failed';

/** @param {File} file @returns {string[]} a line each */
export function failuresOf(file) {
  const where = relative(ROOT, file.name);
  const failed = file.assertionResults.filter(({ status }) => status !== 'passed');
  const lines = failed.map((test) => `${where}: ${test.fullName}: ${whyOf(test)}`);
  const broken = file.status === 'failed' && failed.every(({ status }) => status !== 'failed');
  return broken ? [...lines, `${where}: ${firstLine(file.message ?? '')}`] : lines;
}

/**
 * @param {Report | null} report null: the runner left none
 * @param {number} exitCode of the runner
 * @returns {Count}
 */
export function countReport(report, exitCode) {
  if (!report) return failure(`no report, the runner ended with ${exitCode}`);
  const failures = report.testResults.flatMap(failuresOf);
  // An error outside of any test, or no test at all.
  if (failures.length === 0 && exitCode !== 0) failures.push(`the runner ended with ${exitCode}`);
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

/** @param {string} tier @returns {string} the file of its report */
export const reportOf = (tier) => join(ROOT, `out/test-${tier}.json`);

/**
 * @param {string} tier
 * @returns {Report | null} of its last run; null: the runner left none
 */
export function readReport(tier) {
  const file = reportOf(tier);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/**
 * @param {string} name of a tier that is a vitest run
 * @param {{ files?: string[], idle?: boolean }} [options] `files`: only those whose path contains one of these; `idle`: only
 *   while nobody else wants the processor, and what it prints is printed when it has ended
 * @returns {Promise<Count>}
 */
export async function runTier(name, { files = [], idle = false } = {}) {
  const file = reportOf(name);
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const vitest = join(ROOT, 'node_modules/.bin/vitest');
  const words = ['run', ...files, '--project', name, ...reporters];
  const code = idle ? await runIdle(name, vitest, words) : await run(vitest, words, { stdout: 'inherit' });
  return within(countReport(readReport(name), code), name);
}

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} words
 */
async function runIdle(name, command, words) {
  const file = join(ROOT, `out/test-${name}.txt`);
  mkdirSync(dirname(file), { recursive: true });
  const output = openSync(file, 'w');
  const code = await run(command, words, { output, idle: true });
  closeSync(output);
  process.stdout.write(readFileSync(file));
  return code;
}
