import { describe, expect, it } from 'vitest';
import { MAX_ANNOTATIONS } from '../../../../src/aggregate/history/annotations.js';
import { type BudgetSample, History, type Sample } from '../../../../src/aggregate/history/history.js';
import { BYTES_PER_ERRNO, BYTES_PER_SERIES, MAX_ERRNOS } from '../../../../src/aggregate/history/series.js';
import type { HistoryBody } from '../../../../src/protocol/history.js';
import { historyBodyFault } from '../../../../src/protocol/validate.js';
import { random } from '../../../support/random.js';

const BOOT = 1_700_000_000_000;
const at = (ms: number, unixMsAtZero = BOOT) => ({ ms, unixMs: unixMsAtZero + ms });

function sample(parts: Partial<Sample> = {}): Sample {
  return { limit: null, blocked: null, timeWait: 0, established: 0, other: 0, opened: 0, ...parts };
}
function budget(key: string, parts: Partial<Sample> = {}): BudgetSample {
  return { ...sample({ limit: 28_232, blocked: 0 }), ...parts, key };
}
const errnos = (counts: Record<string, number>) => new Map(Object.entries(counts));

function bodyOf(history: History, key: string | null, seconds: number): HistoryBody {
  const body = history.body(key, seconds);
  expect(body).not.toBeNull();
  expect(historyBodyFault(body)).toBeNull();
  for (const name of ['limit', 'timeWait', 'established', 'other', 'blocked', 'opensPerSec'] as const) {
    expect(body?.[name].length).toBe(seconds);
  }
  return body as HistoryBody;
}

/** Bytes of all buffers that it holds: those of the whole process come and go with other tests' garbage. */
function bufferBytes(root: object): number {
  const seen = new Set<unknown>([root]);
  let bytes = 0;
  for (const one of seen) {
    if (one instanceof ArrayBuffer) bytes += one.byteLength;
    else if (ArrayBuffer.isView(one)) seen.add(one.buffer);
    else for (const part of partsOf(one as object)) if (part instanceof Object) seen.add(part);
  }
  return bytes;
}

/** What an object leads to; a map also by its keys. */
function partsOf(one: object): unknown[] {
  const entries = one instanceof Map ? [...one].flat() : one instanceof Set ? [...one] : [];
  return [...entries, ...Object.values(one)];
}

describe('the history', () => {
  it('is empty columns before the first record', () => {
    const body = bodyOf(new History(at(5_000_400)), null, 3);
    expect(body).toEqual({
      budget: null,
      from: BOOT + 4_998_000,
      stepMs: 1000,
      seconds: 3,
      limit: [null, null, null],
      timeWait: [null, null, null],
      established: [null, null, null],
      other: [null, null, null],
      blocked: [null, null, null],
      opensPerSec: [null, null, null],
      failuresPerSec: {},
      annotations: [],
    });
  });

  it('has gauges as they were, counters as rates, and gaps as null', () => {
    const history = new History(at(100_000));
    const failed = (count: number) => errnos({ EADDRNOTAVAIL: count });
    history.record(at(101_000), sample(), [budget('b', { timeWait: 5, opened: 7 })]);
    history.record(at(102_000), sample(), [budget('b', { timeWait: 9, opened: 11, failed: failed(2) })]);
    history.record(at(105_000), sample(), [
      budget('b', { timeWait: 30, established: 1, other: 2, blocked: 4, opened: 41, failed: failed(5) }),
    ]);
    history.record(at(106_000), sample(), []);
    expect(bodyOf(history, 'b', 7)).toMatchObject({
      budget: 'b',
      from: BOOT + 100_000,
      limit: [null, 28_232, 28_232, null, null, 28_232, null],
      timeWait: [null, 5, 9, null, null, 30, null],
      established: [null, 0, 0, null, null, 1, null],
      other: [null, 0, 0, null, null, 2, null],
      blocked: [null, 0, 0, null, null, 4, null],
      opensPerSec: [null, 7, 4, null, null, 10, null],
      failuresPerSec: { EADDRNOTAVAIL: [null, 0, 2, null, null, 1, null] },
    });
  });

  it('has what is unknown as null', () => {
    const history = new History(at(0));
    history.record(at(1000), sample({ timeWait: null, established: 3 }), []);
    expect(bodyOf(history, null, 1)).toMatchObject({ timeWait: [null], established: [3], limit: [null] });
  });

  it('forgets after fifteen minutes', () => {
    const history = new History(at(0));
    for (let second = 1; second <= 1000; second++) {
      const budgets = second < 50 ? [budget('gone', { timeWait: 1 })] : [];
      history.record(at(second * 1000), sample({ timeWait: second, opened: second * 3 }), budgets);
      if (second === 900) expect(history.body('gone', 900)).not.toBeNull();
    }
    const { timeWait, opensPerSec, from } = bodyOf(history, null, 900);
    expect(timeWait).toEqual(Array.from({ length: 900 }, (_, index) => 101 + index));
    expect(opensPerSec).toEqual(Array(900).fill(3));
    expect(from).toBe(BOOT + 101_000);
    expect(history.body('gone', 900)).toBeNull();
    expect(history.body('never seen', 900)).toBeNull();
  });

  it('starts near boot, where seconds before 0 hold nothing', () => {
    const history = new History(at(1000));
    history.record(at(2000), sample({ timeWait: 1 }), []);
    expect(bodyOf(history, null, 900).timeWait.filter((value) => value !== null)).toEqual([1]);
  });

  it('says what a plain list says, whatever the pauses', () => {
    const next = random(5);
    const history = new History(at(0));
    const plain = new Map<number, { timeWait: number; opens: number }>();
    let [ms, opened] = [0, 0];
    for (let round = 0; round < 2000; round++) {
      const pause = next(20) === 0 ? 2 + next(next(10) === 0 ? 500 : 8) : 1;
      ms += pause * 1000;
      const [timeWait, opens] = [next(60_000), next(900)];
      opened += opens;
      history.record(at(ms), sample({ timeWait, opened }), []);
      plain.set(ms / 1000, { timeWait, opens: Math.round((opens / pause) * 10) / 10 });
    }
    const { timeWait, opensPerSec } = bodyOf(history, null, 900);
    for (let index = 0; index < 900; index++) {
      const truth = plain.get(ms / 1000 - 899 + index);
      expect(timeWait[index]).toBe(truth?.timeWait ?? null);
      expect(opensPerSec[index] ?? null).toBe(truth?.opens ?? null);
    }
  });
});

describe('time in the history', () => {
  it('may be uneven: a timer that drifts over a second leaves no gap', () => {
    const history = new History(at(0));
    let opened = 0;
    for (let ms = 1001; ms < 890_000; ms += 1001.7) {
      opened += 100;
      history.record(at(ms), sample({ timeWait: 7, opened }), []);
    }
    const { timeWait, opensPerSec } = bodyOf(history, null, 880);
    expect(timeWait).toEqual(Array(880).fill(7));
    expect(opensPerSec.every((rate) => rate !== null && Math.abs(rate - 99.8) < 0.2)).toBe(true);
  });

  it('may come twice in a second, or much too soon: counts are not lost', () => {
    const history = new History(at(0));
    history.record(at(1000), sample({ opened: 10 }), []);
    history.record(at(1990), sample({ opened: 20 }), []);
    history.record(at(2010), sample({ opened: 25 }), []);
    history.record(at(2990), sample({ opened: 30 }), []);
    expect(bodyOf(history, null, 2).opensPerSec).toEqual([10.1, 10]);
  });

  it('moves as one when the wall clock is set', () => {
    const history = new History(at(0));
    for (let second = 1; second <= 5; second++)
      history.record(at(second * 1000), sample({ timeWait: second }), []);
    history.annotate(2500, 'sysctl-change', 'tcp_tw_reuse 2 → 1');
    const forward = BOOT + 3_600_000;
    history.record(at(6000, forward), sample({ timeWait: 6 }), []);
    expect(bodyOf(history, null, 6)).toMatchObject({
      from: forward + 1000,
      timeWait: [1, 2, 3, 4, 5, 6],
      annotations: [{ time: forward + 2500 }],
    });
    const back = BOOT - 86_400_000;
    history.record(at(7000, back), sample({ timeWait: 7 }), []);
    expect(bodyOf(history, null, 7)).toMatchObject({
      from: back + 1000,
      timeWait: [1, 2, 3, 4, 5, 6, 7],
      annotations: [{ time: back + 2500 }],
    });
  });
});

describe('counters in the history', () => {
  it('begin anew when a budget went and came back', () => {
    const history = new History(at(0));
    history.record(at(1000), sample(), [budget('b', { opened: 500, failed: errnos({ ETIMEDOUT: 9 }) })]);
    for (let second = 2; second <= 20; second++) history.record(at(second * 1000), sample(), []);
    history.record(at(21_000), sample(), [budget('b', { opened: 40, failed: errnos({ ETIMEDOUT: 2 }) })]);
    const { opensPerSec, failuresPerSec } = bodyOf(history, 'b', 1);
    expect([opensPerSec, failuresPerSec]).toEqual([[40], { ETIMEDOUT: [2] }]);
  });

  it('of failures name the first errnos and sum the rest', () => {
    const history = new History(at(0));
    const many = Object.fromEntries(
      Array.from({ length: MAX_ERRNOS + 5 }, (_, index) => [`E${index}`, index + 1]),
    );
    history.record(at(1000), sample({ failed: errnos({ ...many, __proto__x: 1 }) }), []);
    const { failuresPerSec } = bodyOf(history, null, 1);
    expect(Object.keys(failuresPerSec).length).toBe(MAX_ERRNOS + 1);
    expect(failuresPerSec.E0).toEqual([1]);
    expect(failuresPerSec.other).toEqual([9 + 10 + 11 + 12 + 13 + 1]);
    expect(
      Object.values(failuresPerSec)
        .flat()
        .reduce<number>((sum, value) => sum + (value ?? 0), 0),
    ).toBe(92);
  });

  it('of failures leave out an errno that did not occur in that time', () => {
    const history = new History(at(0));
    for (let second = 1; second <= 20; second++) {
      history.record(
        at(second * 1000),
        sample({ failed: errnos({ ECONNREFUSED: Math.min(3, second) }) }),
        [],
      );
    }
    expect(bodyOf(history, null, 10).failuresPerSec).toEqual({});
    expect(Object.keys(bodyOf(history, null, 20).failuresPerSec)).toEqual(['ECONNREFUSED']);
  });
});

describe('when there are more budgets than places', () => {
  const keys = (history: History, among: readonly string[]) =>
    among.filter((key) => history.body(key, 1) !== null);

  it('the one that has been idle for longest goes first', () => {
    const history = new History(at(0), 2);
    history.record(at(1000), sample(), [budget('old', { opened: 1 }), budget('young', { opened: 1 })]);
    history.record(at(50_000), sample(), [budget('old', { opened: 1 }), budget('young', { opened: 2 })]);
    history.record(at(70_000), sample(), [budget('old', { opened: 1 }), budget('young', { opened: 2 })]);
    history.record(at(71_000), sample(), [budget('new', { opened: 900 })]);
    expect(keys(history, ['old', 'young', 'new'])).toEqual(['young', 'new']);
    expect(bodyOf(history, 'new', 2).opensPerSec).toEqual([null, null]);
    history.record(at(72_000), sample(), [budget('new', { opened: 930 })]);
    expect(bodyOf(history, 'new', 2).opensPerSec).toEqual([null, 30]);
  });

  it('one that is much fuller drives out the emptiest, one that is not finds no place', () => {
    const history = new History(at(0), 2);
    const busy = (second: number) => [
      budget('full', { timeWait: 900, opened: second }),
      budget('empty', { timeWait: 10, opened: second }),
    ];
    history.record(at(1000), sample(), busy(1));
    history.record(at(2000), sample(), [...busy(2), budget('like it', { timeWait: 15, opened: 2 })]);
    expect([keys(history, ['full', 'empty', 'like it']), history.unrecorded]).toEqual([['full', 'empty'], 1]);
    history.record(at(3000), sample(), [...busy(3), budget('huge', { timeWait: 20_000, opened: 3 })]);
    expect(keys(history, ['full', 'empty', 'huge'])).toEqual(['full', 'huge']);
    history.record(at(4000), sample(), [budget('huge', { timeWait: 20_000, opened: 4 }), ...busy(4)]);
    expect([keys(history, ['full', 'empty', 'huge']), history.unrecorded]).toEqual([['full', 'huge'], 1]);
  });

  it('nothing of the evicted one remains', () => {
    const history = new History(at(0), 1);
    history.record(at(1000), sample(), [
      budget('a', { timeWait: 1, opened: 5, failed: errnos({ ETIMEDOUT: 5 }) }),
    ]);
    history.record(at(2000), sample(), [budget('b', { timeWait: 100, opened: 5 })]);
    expect(history.body('a', 900)).toBeNull();
    const { timeWait, failuresPerSec } = bodyOf(history, 'b', 2);
    expect([timeWait, failuresPerSec]).toEqual([[null, 100], {}]);
  });

  it('memory stays within what is said', () => {
    const failed = errnos(Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`E${index}`, 1])));
    const budgets = (round: number) =>
      Array.from({ length: 256 }, (_, index) =>
        budget(`${round}/${index}`, { timeWait: 3 ** round, failed }),
      );
    expect([BYTES_PER_SERIES, BYTES_PER_ERRNO]).toEqual([25_200, 3600]);
    const most = 257 * (BYTES_PER_SERIES + (MAX_ERRNOS + 1) * BYTES_PER_ERRNO);
    expect(most).toBeLessThan(14.9e6);
    const history = new History(at(0));
    history.record(at(1000), sample({ failed }), budgets(0));
    const used = bufferBytes(history);
    expect(used).toBeGreaterThan(most * 0.95);
    expect(used).toBeLessThan(most * 1.05);
    history.record(at(2000), sample(), budgets(1).concat(budgets(0)));
    expect([history.body('1/255', 1) === null, history.body('0/255', 1)]).toEqual([false, null]);
  });
});

describe('annotations', () => {
  it('come with the columns they belong to, in order', () => {
    const history = new History(at(0));
    history.annotate(3500, 'process-exit', 'ab', null, { netns: 1, netnsId: 'n1' });
    history.annotate(1500, 'first-failure', 'EADDRNOTAVAIL', 'b');
    history.annotate(2500, 'sysctl-change', 'tcp_tw_reuse', null);
    for (let second = 1; second <= 4; second++)
      history.record(at(second * 1000), sample(), [budget('a'), budget('b')]);
    const texts = (key: string | null, seconds: number) =>
      bodyOf(history, key, seconds).annotations.map(({ text }) => text);
    expect(texts(null, 4)).toEqual(['EADDRNOTAVAIL', 'tcp_tw_reuse', 'ab']);
    expect(texts('b', 4)).toEqual(['EADDRNOTAVAIL', 'tcp_tw_reuse', 'ab']);
    expect(texts('a', 4)).toEqual(['tcp_tw_reuse', 'ab']);
    expect(texts(null, 2)).toEqual(['ab']);
    expect(bodyOf(history, null, 2).annotations[0]).toEqual({
      time: BOOT + 3500,
      kind: 'process-exit',
      text: 'ab',
      incident: null,
      netnsId: 'n1',
    });
  });

  it('are bounded, and a storm of one kind drives out no other', () => {
    const history = new History(at(0));
    history.annotate(500, 'sysctl-change', 'kept');
    for (let ms = 501; ms < 3000; ms++) history.annotate(ms, 'process-start', `curl ${ms}`);
    history.record(at(3000), sample(), []);
    const { annotations } = bodyOf(history, null, 4);
    expect(annotations.length).toBe(MAX_ANNOTATIONS);
    expect([annotations[0]?.text, annotations.at(-1)?.text]).toEqual(['kept', 'curl 2999']);
  });

  it('are forgotten after fifteen minutes, and never long', () => {
    const history = new History(at(0));
    history.annotate(1000, 'process-start', 'old');
    history.annotate(902_000, 'process-start', 'x'.repeat(5000));
    history.record(at(902_500), sample(), []);
    expect(bodyOf(history, null, 900).annotations.map(({ text }) => text.length)).toEqual([200]);
  });
});
