/**
 * A test file that failed is run once more, alone, where the kernel has a part in what tests see: it may hide what they compare
 * (docs/decisions/repeated-tests.md). In: the reports of tiers that have run. Out: their reports with the second run's results
 * in place of the first's, and a line for each failure that did not come again.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { within } from './count.js';
import { ROOT, say } from './run.js';
import { countReport, failuresOf, readReport, reportOf, runTier, TIERS } from './tiers.js';

/** @typedef {import('./count.js').Count} Count */
/** @typedef {import('./tiers.js').Report} Report */

/** Files of a whole run. When more fail, it is not chance. */
export const MOST_REPEATS = 5;

/** @param {Report | null} report @returns {string[]} paths of files with a failure */
export const failedFiles = (report) =>
  (report?.testResults ?? [])
    .filter((file) => failuresOf(file).length > 0)
    .map(({ name }) => relative(ROOT, name));

/**
 * @param {Report} first
 * @param {Report} second of some of its files
 * @returns {Report} each file's latest results
 */
export function merge(first, second) {
  const latest = new Map(second.testResults.map((file) => [file.name, file]));
  const testResults = first.testResults.map((file) => latest.get(file.name) ?? file);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const numPassedTests = tests.filter(({ status }) => status === 'passed').length;
  return { ...first, numPassedTests, numTotalTests: tests.length, testResults };
}

/** Counts the repeats of a whole run. */
export class Repeats {
  /** @type {string[]} a line for each failure that did not come again */
  passed = [];
  #left = MOST_REPEATS;

  /**
   * @param {string} tier that has run
   * @param {Count} count of that run
   * @returns {Promise<Count>} the count that holds
   */
  async after(tier, count) {
    const files = failedFiles(readReport(tier));
    const allowed = TIERS.find(({ name }) => name === tier)?.repeats && files.length <= this.#left;
    if (!allowed || files.length === 0) return count;
    this.#left -= files.length;
    say(`test: ${tier} once more: ${files.join(' ')}`);
    return this.#again(tier, files, count);
  }

  /**
   * @param {string} tier
   * @param {string[]} files
   * @param {Count} count
   */
  async #again(tier, files, count) {
    const first = /** @type {Report} */ (readReport(tier));
    copyFileSync(reportOf(tier), reportOf(`${tier}-first`));
    const again = await runTier(tier, { files });
    const second = readReport(tier);
    const merged = second ? merge(first, second) : first;
    writeFileSync(reportOf(tier), JSON.stringify(merged));
    const result = second ? within(countReport(merged, again.failed), tier) : again;
    const still = failedFiles(merged).map((file) => `${tier}: ${file}:`);
    this.passed.push(...count.failures.filter((line) => !still.some((start) => line.startsWith(start))));
    return result;
  }
}
