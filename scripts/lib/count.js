/** What a test run came to. */

/** @typedef {{ passed: number, failed: number, failures: string[] }} Count `failures`: a line each, which one and why */

/** @type {Count} */
export const PASS = { passed: 1, failed: 0, failures: [] };

/** @param {...string} failures @returns {Count} */
export const failure = (...failures) => ({ passed: 0, failed: failures.length, failures });

/** @param {Count[]} counts @returns {Count} */
export function sumOf(counts) {
  return {
    passed: counts.reduce((sum, { passed }) => sum + passed, 0),
    failed: counts.reduce((sum, { failed }) => sum + failed, 0),
    failures: counts.flatMap(({ failures }) => failures),
  };
}

/** @param {Count} count @param {string} where @returns {Count} */
export const within = (count, where) => ({
  ...count,
  failures: count.failures.map((line) => `${where}: ${line}`),
});

/**
 * Each failure again, since their reports may be thousands of lines above, then the sum as the last line.
 * @param {Count} count
 * @returns {number} the exit code: 0 only when nothing failed and something passed
 */
export function conclude({ passed, failed, failures }) {
  for (const line of failures) console.log(`failed: ${line}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
