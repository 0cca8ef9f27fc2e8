/** A place that has a second incident: each counts what failed since it began, and what is over stays as it was. */
import { describe, expect, it } from 'vitest';
import type { Tables } from '../../../../src/diagnose/types.js';
import type { FailureRow, IncidentRow, ProcessInfo } from '../../../../src/protocol/rows.js';
import { proc } from '../../publish/rows.js';
import { budget, FACTS, failure, NOW, tables, Watch } from '../world.js';

const AT = (seconds: number) => NOW + seconds * 1000;
const OUT = { limit: 200, used: 200, exhaustionSeconds: 0 };
const CALM = { limit: 200, used: 10, exhaustionSeconds: null };

/** `perSec` failures in each of the seconds that are given, from one to the other. */
function failing(
  at: number,
  key: string,
  perSec: number,
  spans: readonly (readonly [number, number])[],
  parts: Partial<FailureRow> = {},
): FailureRow[] {
  const begun = spans.filter(([from]) => at >= from);
  const [first] = begun;
  const last = begun.at(-1);
  if (first === undefined || last === undefined) return [];
  const seconds = begun.reduce((sum, [from, to]) => sum + Math.min(at, to) - from + 1, 0);
  const isNow = at <= last[1];
  return [
    failure({
      key,
      count: perSec * seconds,
      perSec: isNow ? perSec : 0,
      firstSeen: AT(first[0]),
      lastSeen: AT(Math.min(at, last[1])),
      ...parts,
    }),
  ];
}

const worker = (pid: number, parts: Partial<ProcessInfo> = {}) => ({
  process: proc({ pid, comm: 'nginx', exe: '/usr/sbin/nginx', startTime: AT(pid), ...parts }),
  program: 'nginx (nginx)',
});

function run(watch: Watch, from: number, to: number, given: (at: number) => Partial<Tables>): IncidentRow[] {
  let last: IncidentRow[] = [];
  for (let at = from; at <= to; at++) last = watch.step(tables({ ...given(at), time: AT(at) })).incidents;
  return last;
}

const peopleOf = ({ failed, victims }: Pick<IncidentRow, 'failed' | 'victims'>) => ({
  failed,
  victims: victims.map((one) => [one.process.pid, one.process.comm, one.failed, one.perSec]),
});

describe('the second incident of a budget', () => {
  /** Two workers and a curl that ended with the first; one worker is new, one goes on. */
  const given = (at: number) => ({
    budgets: [budget(at <= 20 || at >= 100 ? OUT : CALM)],
    failures: [
      ...failing(at, 'w1', 300, [[0, 20]], worker(1)),
      ...failing(at, 'w2', 10, [[100, 999]], worker(2)),
      ...failing(at, 'c', 50, [[0, 20]]),
      ...failing(
        at,
        'n',
        5,
        [
          [0, 20],
          [100, 999],
        ],
        { process: proc({ pid: 9, comm: 'node', exe: '/usr/bin/node' }), program: 'node app.js (bash)' },
      ),
    ],
  });

  it('has the victims of its own time, and what they failed in it', () => {
    const incidents = run(new Watch(), 0, 104, given);
    expect(incidents.map(({ state }) => state)).toEqual(['open', 'over']);
    expect(incidents.map(peopleOf)).toEqual([
      {
        failed: 75,
        victims: [
          [2, 'nginx', 50, 10],
          [9, 'node', 25, 5],
        ],
      },
      {
        failed: 355 * 21,
        victims: [
          [1, 'nginx', 6300, 0],
          [77, 'java', 1050, 0],
          [9, 'node', 105, 0],
        ],
      },
    ]);
  });

  it('leaves the first as it was when that was over', () => {
    const watch = new Watch();
    const peopleThen = run(watch, 0, 85, given).map((row) => ({ ...row, findings: [] }));
    expect(peopleThen).toMatchObject([{ state: 'over' }]);
    const now = run(watch, 86, 200, given).filter(({ state }) => state === 'over');
    expect(now).toEqual(peopleThen);
  });

  it('is the same when the service was started again between the two', () => {
    const first = new Watch();
    const [before] = run(first, 0, 85, given);
    const next = new Watch();
    next.incidents.restore(JSON.parse(JSON.stringify(first.incidents.saved)), AT(86));
    /* Counts of the next run begin at zero. */
    const later = (at: number) => ({
      budgets: [budget(at >= 100 ? OUT : CALM)],
      failures: failing(at, 'w2', 10, [[100, 999]], worker(2)),
    });
    const [open, over] = run(next, 86, 104, later);
    expect(open && peopleOf(open)).toEqual({ failed: 50, victims: [[2, 'nginx', 50, 10]] });
    expect(over).toEqual(before);
  });

  it('has no failures of another budget, when calls are counted for that one now', () => {
    const other = { key: 'b2', source: { ...budget().source, address: '10.0.0.2' } };
    /* Of which too few failed for an incident. */
    const moves = (at: number) => ({
      budgets: [budget(at <= 20 ? OUT : CALM), budget({ ...CALM, ...other })],
      failures: [
        ...failing(at, 'w1', 300, [[0, 20]], { ...worker(1), budget: at < 30 ? 'b' : 'b2' }),
        ...failing(at, 'few', 1, [[25, 26]], { budget: 'b2' }),
      ],
    });
    const incidents = run(new Watch(), 0, 60, moves);
    expect(incidents.map(peopleOf)).toEqual([{ failed: 6300, victims: [[1, 'nginx', 6300, 0]] }]);
  });

  it('has its victim in one row when the process has ended, and its rows count for its program', () => {
    const process = proc({ ...worker(1).process, pid: null, startTime: null });
    const program = failure({ ...worker(1), process, key: 'g', perSec: 0, firstSeen: AT(-600) });
    const ended = (at: number) => ({
      budgets: [budget(OUT)],
      failures:
        at < 120
          ? [
              { ...program, count: 2000, lastSeen: AT(-500) },
              ...failing(at, 'w1', 10, [[100, 104]], worker(1)),
            ]
          : [{ ...program, count: 2050, lastSeen: AT(104) }],
    });
    const watch = new Watch();
    expect(run(watch, 90, 119, ended).map(peopleOf)).toEqual([
      { failed: 50, victims: [[1, 'nginx', 50, 0]] },
    ]);
    expect(run(watch, 120, 125, ended).map(peopleOf)).toEqual([
      { failed: 50, victims: [[null, 'nginx', 50, 0]] },
    ]);
  });
});

it('an incident of overflows begins with those of its own time', () => {
  const facts = { ...FACTS, overflowPerSec: new Map([['1', 5]]) };
  const watch = new Watch();
  const step = (at: number, timeWaitOverflow: number) => {
    const [row] = tables().totals;
    if (row === undefined) throw new Error('a machine has a namespace');
    return watch.step(tables({ time: AT(at), totals: [{ ...row, timeWaitOverflow }] }), [], facts).incidents;
  };
  for (let at = 0; at <= 20; at++) step(at, 1000 + 10 * at);
  for (let at = 21; at <= 99; at++) step(at, 1200);
  step(100, 1205);
  expect(step(101, 1210).map(({ state, failed }) => [state, failed])).toEqual([
    ['open', 10],
    ['over', 200],
  ]);
});
