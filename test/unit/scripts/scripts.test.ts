/**
 * The test runner's sum and set-up's comparison of node_modules with the lock.
 */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { conclude, failure, PASS, sumOf, within } from '../../../scripts/lib/count.js';
import { inStep, unverified } from '../../../scripts/lib/dependencies.js';
import { ROOT } from '../../../scripts/lib/run.js';
import { countReport } from '../../../scripts/lib/tiers.js';

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
    const count = countReport(given, exitCode);
    expect(count).toMatchObject({ passed, failed });
    expect(count.failures).toHaveLength(failed);
  });
});

describe('a failure', () => {
  const file = (more: object) => ({
    numPassedTests: 0,
    numTotalTests: 1,
    testResults: [{ name: `${ROOT}/test/unit/a.test.ts`, status: 'failed', assertionResults: [], ...more }],
  });
  const failed = { status: 'failed', fullName: 'it adds', failureMessages: ['\u001b[31mError: 1\nat x'] };

  it.each([
    ['of a test', file({ assertionResults: [failed] }), 'test/unit/a.test.ts: it adds: Error: 1'],
    ['of a file', file({ message: 'No such module\nmore' }), 'test/unit/a.test.ts: No such module'],
    ['of the runner', null, 'no report, the runner ended with 139'],
  ])('%s says where and why in a line', (_, given, line) => {
    expect(countReport(given, 139).failures).toEqual([line]);
  });

  it('is printed again before the sum, with the tier, and makes the exit code 1', () => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    onTestFinished(() => log.mockRestore());
    const sum = sumOf([PASS, within(failure('one', 'another'), 'unit'), PASS]);
    expect(conclude(sum)).toBe(1);
    expect(log.mock.calls.flat()).toEqual([
      'failed: unit: one',
      'failed: unit: another',
      '2 passed, 2 failed',
    ]);
    expect(conclude(PASS)).toBe(0);
    expect(conclude(sumOf([]))).toBe(1);
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

it('an entry of the lock file without a hash is found, but not the project itself or a link to its own folder', () => {
  const locked = { version: '1.0.0', integrity: 'sha512-x' };
  const lock = {
    '': { version: '0.1.0' },
    tools: { version: '0.1.0' },
    'node_modules/tools': { link: true },
    'node_modules/a': locked,
    'node_modules/b': { version: '1.0.0', optional: true },
    'node_modules/a/node_modules/c': { version: '1.0.0', integrity: '' },
  };
  expect(unverified(lock)).toEqual(['node_modules/b', 'node_modules/a/node_modules/c']);
});
