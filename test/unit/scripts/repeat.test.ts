/** Which files run once more, and what a report says then. */
import { expect, it } from 'vitest';
import { failedFiles, merge } from '../../../scripts/lib/repeat.js';
import { ROOT } from '../../../scripts/lib/run.js';
import { countReport, TIERS } from '../../../scripts/lib/tiers.js';

const file = (name: string, ...statuses: string[]) => ({
  name: `${ROOT}/test/${name}`,
  status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status, n) => ({ status, fullName: `test ${n}` })),
});

const report = (...testResults: ReturnType<typeof file>[]) => {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const numPassedTests = tests.filter(({ status }) => status === 'passed').length;
  return { numPassedTests, numTotalTests: tests.length, testResults };
};

const FIRST = report(file('a', 'passed'), file('b', 'passed', 'failed'), file('c'), file('d', 'pending'));

it('files with a failed or skipped test, or that do not load, run once more', () => {
  expect(failedFiles(FIRST)).toEqual(['test/b', 'test/c', 'test/d']);
  expect(failedFiles(report(file('a', 'passed')))).toEqual([]);
  expect(failedFiles(null)).toEqual([]);
});

it('each file counts once, with its latest result', () => {
  const second = report(file('b', 'passed', 'passed'), file('c', 'passed', 'failed'));
  const merged = merge(FIRST, second);
  expect(countReport(merged, 1)).toMatchObject({ passed: 4, failed: 2 });
  expect(failedFiles(merged)).toEqual(['test/c', 'test/d']);
});

it('no tier repeats whose results are its own alone', () => {
  const repeating = TIERS.filter(({ repeats }) => repeats).map(({ name }) => name);
  for (const name of ['native', 'unit', 'lint', 'kernels']) expect(repeating).not.toContain(name);
});
