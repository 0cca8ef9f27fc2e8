/**
 * The kernels we claim: tests of the kernel tier on each, with the real addon and service. The running kernel, and
 * stock ones that are booted by software emulation, where everything takes ten times as long: only part of the tier
 * runs there unless all of it is asked for.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { failure, PASS, sumOf, within } from '../count.js';
import { ROOT, say } from '../run.js';
import { countReport, readReport, runTier } from '../tiers.js';
import { testOn } from './guest.js';
import { fetchKernel } from './kernel.js';
import { differences, lineOf, rewrite } from './table.js';

/**
 * @typedef {import('../count.js').Count} Count
 * @typedef {import('../tiers.js').Report} Report
 * @typedef {import('./table.js').Row} Row
 * @typedef {import('./kernel.js').Kernel} Kernel
 * @typedef {{ all?: boolean, write?: boolean, hostTested?: boolean, idle?: boolean }} Options
 *   `all`: the whole tier; `write`: README's table anew; `hostTested`: this run has had the tier on the running kernel;
 *   `idle`: only while nobody else wants the processor
 * @typedef {import('./guest.js').Job} Job
 */

/** Files of the kernel tier that show each mechanism, without those that repeat it at scale. */
const PART = [
  'surfaces',
  'endings',
  'seq-mark',
  'owners',
  'control-groups',
  'verdict-portable',
  'failure-routes',
  'failure-bind',
];
/**
 * What Debian 12 boots: its own series, the one its updates offer, and the one in which nearly everything can be preempted. That
 * one takes several times as long to emulate.
 * @type {readonly import('./kernel.js').Stock[]}
 */
const STOCK = [
  { series: '6.1', flavour: 'cloud-amd64', part: PART, inAll: true },
  { series: '6.12', flavour: 'cloud-amd64', part: PART, inAll: true },
  { series: '6.1', flavour: 'rt-amd64', part: ['surfaces', 'endings'], inAll: false },
];
const MINUTES = { part: 15, all: 120 };
/** Without what only this machine's builder calls it. */
const OWN = release().replace(/-.*/, '');
const README = join(ROOT, 'README.md');

/**
 * One line per kernel on stdout, and the sum. What the README claims counts as a test.
 * @param {Options} options
 * @returns {Promise<Count>}
 */
export async function runMatrix({ all = false, write = false, hostTested = false, idle = false }) {
  const rows = [hostTested ? rowOf(OWN, readReport('kernel')) : await onHost(all ? [] : PART, idle)];
  const minutes = all ? MINUTES.all : MINUTES.part;
  // One by one, since apt has one cache.
  const machines = [];
  for (const stock of STOCK.filter(({ inAll }) => inAll || !hostTested))
    machines.push({ kernel: await fetched(stock), files: all ? [] : stock.part });
  rows.push(
    ...(await Promise.all(machines.map(({ kernel, files }) => onKernel({ kernel, files, minutes, idle })))),
  );
  for (const row of rows) console.log(lineOf(row));
  if (write) writeFileSync(README, rewrite(readFileSync(README, 'utf8'), rows));
  const counts = rows.map(({ kernel, count }) => within(count, kernel));
  return sumOf([...(hostTested ? counts.slice(1) : counts), compare(rows)]);
}

/** @param {Row[]} rows @returns {Count} one test, whatever the number of differences */
function compare(rows) {
  const wrong = differences(readFileSync(README, 'utf8'), rows).join('; ');
  if (wrong === '') return PASS;
  return failure(`README.md: ${wrong}; npm run test:kernels -- --write`);
}

/**
 * @param {string[]} files
 * @param {boolean} idle
 * @returns {Promise<Row>}
 */
async function onHost(files, idle) {
  await runTier('kernel', { files, idle });
  return rowOf(OWN, readReport('kernel'));
}

/** @param {string} name @param {unknown} error @returns {Row} a kernel that cannot be had or does not boot is a failure */
function failed(name, error) {
  const message = error instanceof Error ? error.message : String(error);
  say(`kernels: ${name}: ${message}`);
  return { ...rowOf(name, null), count: failure(message) };
}

/** @param {import('./kernel.js').Stock} stock @returns {Promise<Kernel | Row>} */
const fetched = (stock) =>
  fetchKernel(stock).catch((error) => failed(`${stock.series}-${stock.flavour}`, error));

/**
 * @param {{ kernel: Kernel | Row } & Omit<Job, 'kernel'>} job
 * @returns {Promise<Row>}
 */
async function onKernel({ kernel, ...how }) {
  if ('count' in kernel) return kernel;
  return runOn({ kernel, ...how }).catch((error) => failed(kernel.release, error));
}

/** @param {Job} job */
async function runOn(job) {
  const { report, console } = await testOn(job);
  const row = rowOf(job.kernel.release, report);
  if (row.count.failed > 0) say(console.slice(-20_000));
  return row;
}

/**
 * @param {string} kernel
 * @param {Report | null} report
 * @returns {Row}
 */
function rowOf(kernel, report) {
  const tests = report?.testResults.flatMap((file) => file.assertionResults) ?? [];
  const facts = tests.find(({ meta }) => meta?.tracer)?.meta?.tracer;
  return {
    kernel,
    count: countReport(report, 0),
    verdict: facts?.verdictPath ?? null,
    hooks: facts?.hooks ?? [],
    lacks: facts?.lacks ?? [],
  };
}
