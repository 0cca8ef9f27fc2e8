/**
 * The test runner's sum and set-up's comparison of node_modules with the lock.
 */
import { describe, expect, it } from 'vitest';
import { inStep } from '../../scripts/lib/dependencies.js';
import { countReport } from '../../scripts/lib/tiers.js';

type Status = 'passed' | 'failed' | 'pending' | 'todo';

/** A vitest report: one file per list of test statuses; an empty list is a file that did not load. */
function report(...files: Status[][]) {
  const tests = files.flat();
  return {
    numPassedTests: tests.filter((status) => status === 'passed').length,
    numTotalTests: tests.length,
    testResults: files.map((statuses, n) => ({
      name: `${n}.test.ts`,
      status: statuses.length === 0 || statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status, t) => ({ status, fullName: `test ${t}` })),
    })),
  };
}

describe('the sum', () => {
  it.each([
    ['passed tests', report(['passed', 'passed']), 0, 2, 0],
    ['a failed test', report(['passed', 'failed']), 1, 1, 1],
    ['a skipped test, as failed', report(['passed', 'pending']), 0, 1, 1],
    ['a todo, as failed', report(['todo']), 0, 0, 1],
    ['a file that did not load, as failed', report(['passed'], []), 1, 1, 1],
    ['an error outside of any test, as failed', report(['passed']), 1, 1, 1],
    ['a tier without tests, as failed', report(), 1, 0, 1],
    ['a runner that died, as failed', null, 139, 0, 1],
  ])('counts %s', (_, given, exitCode, passed, failed) => {
    expect(countReport(given, exitCode)).toEqual({ passed, failed });
  });
});

describe('node_modules is in step', () => {
  const one = { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' } };
  const wanted = { '': { version: '0.1.0' }, ...one, 'node_modules/b': { version: '2.0.0', optional: true } };

  it('when all that is not optional is there', () => {
    expect(inStep(wanted, one)).toBe(true);
    expect(inStep(wanted, { ...one, 'node_modules/b': { version: '2.0.0' } })).toBe(true);
  });

  it.each([
    ['nothing is there', {}],
    ['a version differs', { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-x' } }],
    ['an integrity differs', { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-y' } }],
    ['an optional package has another version', { ...one, 'node_modules/b': { version: '1.0.0' } }],
    ['there is a package too many', { ...one, 'node_modules/c': { version: '1.0.0' } }],
  ])('but not when %s', (_, installed) => {
    expect(inStep(wanted, installed)).toBe(false);
  });
});
