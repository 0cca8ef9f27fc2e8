import { describe, expect, it } from 'vitest';
import { type BudgetSample, History } from '../../../../src/aggregate/history/history.js';
import { HistoryRecorder } from '../../../../src/aggregate/history/history-recorder.js';
import {
  BYTES_PER_OWNER,
  type Holdings,
  MAX_OWNERS,
  Owners,
} from '../../../../src/aggregate/history/owners.js';
import { UNKNOWN_PROCESS } from '../../../../src/protocol/names.js';
import { historyBodyFault } from '../../../../src/protocol/validate.js';
import { announced, established, outbound, World } from '../../../support/aggregate-world.js';

const KEY = '1/10.0.0.1/10.0.0.9:5432';
const BOOT = 1_700_000_000_000;
const at = (second: number) => ({ ms: second * 1000, unixMs: BOOT + second * 1000 });
const totals = { limit: null, blocked: null, timeWait: 0, established: 0, other: 0, opened: 0 };

const holdings = (ports: Record<string, number>): Holdings =>
  new Map(
    Object.entries(ports).map(([program, count]) => [
      program,
      { ports: count, about: { netns: 1, process: { ...UNKNOWN_PROCESS, name: program } } },
    ]),
  );
const sample = (ports: Record<string, number>): BudgetSample => ({
  ...totals,
  key: 'b',
  owners: () => holdings(ports),
});

/** One record a second, from the first. */
function recorded(seconds: readonly (Record<string, number> | null)[]): History {
  const history = new History(at(0));
  for (const [i, ports] of seconds.entries())
    history.record(at(i + 1), totals, ports === null ? [] : [sample(ports)]);
  return history;
}

function owners(
  history: History,
  seconds: number,
  shows?: (about: { process?: { name: string | null } }) => boolean,
) {
  const body = history.body('b', seconds, shows);
  expect(historyBodyFault(body)).toBeNull();
  return Object.fromEntries((body?.owners ?? []).map(({ program, held }) => [program ?? '-', held]));
}

describe('owners in the history', () => {
  it('are what each program held in each second, and gaps', () => {
    const history = recorded([{ a: 5 }, { a: 7, b: 2 }, null, { b: 3 }]);
    expect(owners(history, 4)).toEqual({ a: [5, 7, null, 0], b: [0, 2, null, 3] });
    expect(owners(history, 1)).toEqual({ b: [3] });
  });

  it('are not said of the totals', () => {
    expect(recorded([{ a: 1 }]).body(null, 1)).not.toHaveProperty('owners');
  });

  it('say that nobody knows whose ports they are, and hide whom a filter hides', () => {
    const history = recorded([{ '': 4, secret: 9 }]);
    expect(owners(history, 1, ({ process }) => process?.name !== 'secret')).toEqual({ '-': [4] });
  });

  it('are bounded: who comes to the top takes the place of who holds least, and equals take no turns', () => {
    const small = (from: number) =>
      Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`s${from + i}`, 3]));
    const all = { ...small(3), s0: 3, s1: 3, s2: 3 };
    const history = recorded([small(0), { ...small(3), late: 2 }, all, { ...all, big: 50, late: 3 }]);
    const found = owners(history, 4);
    expect(Object.keys(found)).toHaveLength(MAX_OWNERS);
    expect([found.big, found.late, found.s0]).toEqual([[0, 0, 0, 50], undefined, undefined]);
    expect([found.s1, found.s7]).toEqual([
      [3, 0, 3, 3],
      [0, 3, 3, 3],
    ]);
  });

  it('take the memory that is said', () => {
    const all = new Owners();
    for (let second = 0; second < 100; second++)
      all.write(second, holdings({ [`p${second}`]: second + 1, [`q${second}`]: 2 * second + 2 }));
    const cells = all.all().map((one) => one.cells.byteLength);
    expect([BYTES_PER_OWNER, cells]).toEqual([1800, Array(MAX_OWNERS).fill(1800)]);
  });

  it('come from the tables: processes of one program are one', () => {
    const world = new World();
    for (const id of [1, 2, 3])
      world.feed(
        announced(id, { comm: id === 3 ? 'other' : 'curl', exe: id === 3 ? '/bin/other' : '/bin/curl' }),
      );
    for (let cookie = 1; cookie <= 6; cookie++)
      world.feed(established(outbound({ cookie, owner: 1 + (cookie % 3) })));
    const recorder = new HistoryRecorder(world.aggregator, new History(at(99)));
    recorder.record(at(100));
    const held = (recorder.body(KEY, 1)?.owners ?? []).map(({ program, held }) => [program, held[0]]);
    expect(held).toEqual([
      [expect.stringMatching(/^curl/), 4],
      [expect.stringMatching(/^other/), 2],
    ]);
  });
});
