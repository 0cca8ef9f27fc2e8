/**
 * Runs test tiers and counts. The count comes from vitest's JSON report, and whatever is not a pass is a failure: a skipped
 * test, a file that does not load, a runner that dies. Called by test.js.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run, say } from './run.js';

/**
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {{ numPassedTests: number, numTotalTests: number, testResults: { name: string, status: string,
 *   assertionResults: { status: string, fullName: string, meta?: { tracer?: Facts } }[] }[] }} Report
 * @typedef {{ verdictPath: string, hooks: string[], lacks: string[] }} Facts what test/kernel/surfaces.test.ts found out of this kernel
 */

/** In the order of the data path's needs: each tier relies on what the one before has shown. */
export const TIERS = ['unit', 'native', 'kernel', 'e2e'];

/**
 * @param {Report | null} report null: the runner left none
 * @param {number} exitCode of the runner
 * @returns {Count}
 */
export function countReport(report, exitCode) {
  if (!report) return { passed: 0, failed: 1 };
  const broken = report.testResults.filter(
    (f) => f.status === 'failed' && f.assertionResults.every((t) => t.status !== 'failed'),
  );
  const failed = report.numTotalTests - report.numPassedTests + broken.length;
  // Exit code without a failure: an error outside of any test, or no test at all.
  return { passed: report.numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
}

/** @param {Report} report */
function saySkipped(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  for (const test of tests) {
    if (test.status !== 'passed' && test.status !== 'failed')
      say(`test: not run, counts as failed: ${test.fullName}`);
  }
}

/** @param {string} tier */
const reportOf = (tier) => join(ROOT, `out/test-${tier}.json`);

/**
 * @param {string} tier
 * @returns {Report | null} of its last run; null: the runner left none
 */
export function readReport(tier) {
  const file = reportOf(tier);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
}

/**
 * @param {string} tier
 * @param {string[]} files only those whose path contains one of these; none: all
 * @returns {Promise<Count>}
 */
export async function runTier(tier, files = []) {
  const file = reportOf(tier);
  rmSync(file, { force: true });
  const args = [
    'run',
    ...files,
    '--project',
    tier,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const code = await run(join(ROOT, 'node_modules/.bin/vitest'), args, { stdout: 'inherit' });
  const report = readReport(tier);
  if (report) saySkipped(report);
  return countReport(report, code);
}
