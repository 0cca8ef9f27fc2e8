import { describe, expect, it } from 'vitest';
import { programTints } from '../../../dashboard/charts/bands.js';
import { heldAt, portsChart, projected, ratesChart } from '../../../dashboard/charts/curves.js';
import { marksOf } from '../../../dashboard/charts/marks.js';
import { liveSpan, moved, newestPart, scaled, zoomed } from '../../../dashboard/charts/span.js';
import { automatic, filterOfKey } from '../../../dashboard/state/timeline/choice.js';
import { continued, endOf, lacking } from '../../../dashboard/state/timeline/history.js';
import { noteWords, portsSummary, ratesSummary } from '../../../dashboard/text/chart-words.js';
import type { Column, HistoryBody } from '../../../src/protocol/history.js';
import { historyBodyFault } from '../../../src/protocol/validate.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { budget } from '../publish/rows.js';

const FROM = 1_700_000_000_000;
const KEY = 'b';

/** A body whose TIME_WAIT column is given; everything else is empty. */
function body(timeWait: Column, parts: Partial<HistoryBody> = {}): HistoryBody {
  const zero = timeWait.map((value) => (value === null ? null : 0));
  const made: HistoryBody = {
    budget: KEY,
    from: FROM,
    stepMs: 1000,
    seconds: timeWait.length,
    limit: zero.map((value) => (value === null ? null : 1000)),
    timeWait,
    established: zero,
    other: zero,
    blocked: zero,
    opensPerSec: zero,
    failuresPerSec: {},
    annotations: [],
    ...parts,
  };
  expect(historyBodyFault(made)).toBeNull();
  return made;
}
const later = (seconds: number) => ({ from: FROM + seconds * 1000 });

describe('the history on the page', () => {
  it('asks for everything first, then for what is new and a little more', () => {
    const known = body([1, 2, 3]);
    expect(lacking(null, FROM)).toBe(900);
    expect(lacking(known, endOf(known) + 1000)).toBe(6);
    expect(lacking(known, endOf(known) - 60_000)).toBe(5);
    expect(lacking(known, endOf(known) + 9_000_000)).toBe(900);
  });

  it('is continued by the second, the newer body being right', () => {
    const next = body([30, 40, 50], { ...later(2), from: FROM + 2_003 });
    const whole = continued(body([1, 2, 3]), next);
    expect(historyBodyFault(whole)).toBeNull();
    expect(whole).toMatchObject({ from: FROM, seconds: 5, timeWait: [1, 2, 30, 40, 50] });
  });

  it('keeps a gap as a gap, and what a restarted service does not know any more', () => {
    expect(continued(body([1, 2]), body([7], later(4))).timeWait).toEqual([1, 2, null, null, 7]);
    const restarted = body([null, null, null, 9], later(-1));
    expect(continued(body([1, 2]), restarted).timeWait).toEqual([null, 1, 2, 9]);
  });

  it('is never longer than fifteen minutes', () => {
    const whole = continued(body(Array(900).fill(1)), body([2, 2, 2], later(899)));
    expect([whole.seconds, whole.from, whole.timeWait.length]).toEqual([900, FROM + 2000, 900]);
    expect(whole.timeWait.slice(-4)).toEqual([1, 2, 2, 2]);
  });

  it('starts over with another budget, and with a body from another time', () => {
    const other = body([5], { budget: 'c' });
    expect(continued(body([1]), other)).toBe(other);
    const past = body([5], later(-100));
    expect(continued(body([1]), past)).toBe(past);
  });

  it('knows that an errno the newer body does not name did not occur', () => {
    const old = body([1, 1], { failuresPerSec: { ETIMEDOUT: [3, 4] } });
    const next = body([1, null, 1], { ...later(1), failuresPerSec: { ECONNREFUSED: [0, null, 2] } });
    expect(continued(old, next).failuresPerSec).toEqual({
      ETIMEDOUT: [3, 0, null, 0],
      ECONNREFUSED: [0, 0, null, 2],
    });
  });

  it('knows that a program the newer body does not name held nothing, and forgets one that holds nothing any more', () => {
    const old = body([5, 5], { owners: [{ program: 'a', held: [5, 4] }] });
    const next = body([5, null, 7], { ...later(1), owners: [{ program: 'b', held: [1, null, 7] }] });
    expect(continued(old, next).owners).toEqual([
      { program: 'b', held: [0, 1, null, 7] },
      { program: 'a', held: [5, 0, null, 0] },
    ]);
    const long = body(Array(900).fill(7), {
      ...later(2),
      owners: [{ program: 'b', held: Array(900).fill(7) }],
    });
    expect(continued(old, long).owners?.map(({ program }) => program)).toEqual(['b']);
    expect(continued(body([1]), body([1]))).not.toHaveProperty('owners');
  });

  it('has each note once, though the service’s clock was corrected meanwhile', () => {
    const note = {
      time: FROM + 500,
      kind: 'sysctl-change',
      text: 'tcp_tw_reuse 2 → 1',
      incident: null,
      netnsId: null,
    } as const;
    const again = { ...note, time: note.time + 2 };
    const fresh = { ...note, time: FROM + 1500 };
    const whole = continued(
      body([1], { annotations: [note] }),
      body([1, 1], { annotations: [again, fresh] }),
    );
    expect(whole.annotations).toEqual([note, fresh]);
  });
});

describe('the charts', () => {
  const held = body([900, 950], { established: [10, 20], other: [null, 5], blocked: [4, 5] });
  const running = budget(KEY, { limit: 1000, exhaustionSeconds: 10, free: 20 });

  it('stack what is held by program, the largest lowest, the others and what is blocked above', () => {
    const owners = [
      { program: 'small', held: [10, 20] },
      { program: 'la\u202erge', held: [600, 700] },
      { program: null, held: [200, 100] },
    ];
    const { curves } = portsChart({ ...held, owners }, null);
    expect(curves.map(({ id, label, column, value }) => [id, label, column.at(-1), value.at(-1)])).toEqual([
      ['blocked', 'blocked', 980, 5],
      ['others', 'others', 975, 155],
      ['owner small', 'small', 820, 20],
      ['owner null', 'unknown owner', 800, 100],
      ['owner la\u202erge', 'la\\u202erge', 700, 700],
      ['limit', 'limit', 1000, 1000],
    ]);
    expect(new Set(curves.map(({ tint }) => tint)).size).toBe(6);
    const tints = [...programTints({ ...held, owners })].map(([program, tint]) => [program, `owner-${tint}`]);
    const drawn = new Map(curves.map(({ id, tint }) => [id, tint]));
    expect(drawn.get('owner null')).toBe('owner-unknown');
    expect(tints).toEqual(['la\u202erge', 'small'].map((name) => [name, drawn.get(`owner ${name}`)]));
  });

  it('have five programs at most, each with a colour that it keeps when it falls behind', () => {
    const owners = (first: number) =>
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((program, i) => ({
        program,
        held: [program === 'a' ? first : 9 - i],
      }));
    const tints = (first: number) => {
      const { curves } = portsChart(body([60], { owners: owners(first) }), null);
      return new Map(curves.map(({ id, tint }) => [id, tint]));
    };
    expect([...tints(20).keys()]).toEqual([
      'blocked',
      'others',
      'owner e',
      'owner d',
      'owner c',
      'owner b',
      'owner a',
      'limit',
    ]);
    expect(tints(8.5).get('owner b')).toBe(tints(20).get('owner b'));
  });

  it('stack by state where owners are not said, the top first, under the limit', () => {
    const { times, curves } = portsChart(held, null);
    expect(times).toEqual([FROM / 1000, FROM / 1000 + 1]);
    expect(curves.map(({ id, column }) => [id, ...column])).toEqual([
      ['blocked', 914, 980],
      ['timeWait', 910, 975],
      ['other', 10, 25],
      ['established', 10, 20],
      ['limit', 1000, 1000],
    ]);
    expect(curves.map(({ value }) => value.at(-1))).toEqual([5, 950, 5, 20, 1000]);
  });

  it('leave out seconds of which nothing is known', () => {
    const { curves } = portsChart(body([3, null, 5]), null);
    expect(curves[0]?.column).toEqual([3, null, 5]);
    expect(heldAt(body([3, null]), 1)).toBeNull();
  });

  it('project to the limit, but no further than five minutes ahead', () => {
    const ahead = projected(held, running);
    expect(ahead).toEqual({ time: FROM / 1000 + 11, ports: 1000, from: 980 });
    const { times, curves } = portsChart(held, ahead);
    expect([times.at(-1), curves.at(-1)?.column]).toEqual([FROM / 1000 + 11, [null, 980, 1000]]);
    expect(curves[0]?.column).toEqual([914, 980, null]);
    expect(curves.find(({ id }) => id === 'limit')?.column).toEqual([1000, 1000, 1000]);
    expect(projected(held, { ...running, exhaustionSeconds: 600 })?.ports).toBe(990);
  });

  it('lay what is measured over the forecast of a change that was copied, which goes on beside the projection', () => {
    const kept = { from: FROM / 1000 + 1, held: [980, 700, 500] };
    const { times, curves } = portsChart(held, { time: FROM / 1000 + 3, ports: 1000, from: 980 }, kept);
    const columnOf = (wanted: string) => curves.find(({ id }) => id === wanted)?.column;
    expect(times).toEqual([0, 1, 2, 3].map((second) => FROM / 1000 + second));
    expect(columnOf('forecast-kept')).toEqual([null, 980, 700, 500]);
    expect(columnOf('projection')).toEqual([null, 980, 990, 1000]);
    expect(columnOf('limit')).toEqual([1000, 1000, 1000, 1000]);
    expect(curves[0]?.column).toEqual([914, 980, null, null]);
  });

  it('keep the end of a projection that is before or beyond that of the forecast', () => {
    const kept = { from: FROM / 1000, held: [900, 900, 900] };
    const chart = (seconds: number) =>
      portsChart(held, { time: FROM / 1000 + seconds, ports: 1000, from: 980 }, kept);
    const projection = (seconds: number) =>
      chart(seconds).curves.find(({ id }) => id === 'projection')?.column;
    expect([chart(1.5).times.length, projection(1.5)]).toEqual([4, [null, 980, 1000, null]]);
    expect([chart(6).times.at(-1), projection(6)]).toEqual([FROM / 1000 + 6, [null, 980, 984, 1000]]);
  });

  it('project nothing that does not run out, or of which too little is known', () => {
    expect(projected(held, { ...running, exhaustionSeconds: null })).toBeNull();
    expect(projected(held, { ...running, exhaustionSeconds: 0 })).toBeNull();
    expect(projected(held, { ...running, limit: null })).toBeNull();
    expect(projected(body([1, null]), running)).toBeNull();
    expect(projected(held, undefined)).toBeNull();
  });

  it('stack failures on opens, the most frequent lowest, under what the ports can stand', () => {
    const failing = body([1, 1], {
      opensPerSec: [7, 8],
      failuresPerSec: { ETIMEDOUT: [1, 0], EADDRNOTAVAIL: [0, 60] },
    });
    const { curves } = ratesChart(failing, 33);
    expect(curves.map(({ id, tint, column, value }) => [id, tint, column, value.at(-1)])).toEqual([
      ['ETIMEDOUT', 'failure-1', [8, 68], 0],
      ['EADDRNOTAVAIL', 'failure-0', [7, 68], 60],
      ['opens', 'opens', [7, 8], 8],
      ['sustainable', 'sustainable', [33, 33], 33],
    ]);
    const far = ratesChart(failing, 1000).curves.at(-1);
    expect([far?.column, far?.value]).toEqual([
      [null, null],
      [1000, 1000],
    ]);
    expect(ratesChart(failing, null).curves.map(({ id }) => id)).not.toContain('sustainable');
  });

  it('mark what explains them, in order: settings, first failures, restarts, what is over', () => {
    const note = (kind: 'sysctl-change' | 'first-failure' | 'process-start', at: number) => ({
      ...{ time: FROM + at, kind, text: 'a\u202eb', incident: null, netnsId: null },
    });
    const noted = {
      annotations: [note('process-start', 1), note('first-failure', 9), note('sysctl-change', 2)],
    };
    const over = (budget: string | null, until: number | null) => ({
      ...{ state: 'over' as const, budget, until, title: 'It' },
    });
    const incidents = [over(KEY, FROM + 20), over('c', FROM + 3), over(KEY, null), over(KEY, FROM - 1)];
    const marks = marksOf(body([1], noted), incidents, [FROM + 4]);
    expect(marks.map(({ word, text }) => `${word}: ${text}`)).toEqual([
      'setting: Setting changed: a\\u202eb',
      'restart: Service restarted: counts begin anew',
      'fails: First failure: a\\u202eb',
      'over: Over: It',
    ]);
    expect(marksOf(body([1], { budget: null }), incidents, []).map(({ time }) => time - FROM)).toEqual([
      3, 20,
    ]);
  });

  it('show at least two minutes, all that is known, and where it leads', () => {
    const end = FROM / 1000 + 899;
    const known = (seconds: number) => body([...Array(900 - seconds).fill(null), ...Array(seconds).fill(1)]);
    expect(liveSpan(known(10), null)).toEqual([end - 120, end]);
    expect(liveSpan(known(301), null)).toEqual([end - 300, end]);
    expect(liveSpan(known(0), null)).toEqual([end - 120, end]);
    expect(liveSpan(known(900), end + 50)).toEqual([end - 899, end + 50]);
  });

  it('zoom into what was dragged over, not into a click', () => {
    expect([zoomed([10, 20]), zoomed([10, 11])]).toEqual([[10, 20], null]);
  });

  it('move and zoom by keys within what is known, and are live again when all of it is shown', () => {
    const all = [0, 100] as const;
    expect([newestPart(all, 0.5), newestPart(all, 2)]).toEqual([[50, 100], null]);
    expect([scaled([50, 100], 0.5, all), scaled([70, 71], 0.5, all)]).toEqual([
      [62.5, 87.5],
      [69.5, 71.5],
    ]);
    expect([scaled([80, 100], 2, all), scaled([50, 100], 2, all)]).toEqual([[60, 100], null]);
    expect([moved([50, 70], -0.25, all), moved([5, 25], -0.5, all), moved([90, 100], 1, all)]).toEqual([
      [45, 65],
      [0, 20],
      [90, 100],
    ]);
  });
});

describe('the charts in words', () => {
  it('say how much is held of what, the most, and what comes', () => {
    const text = portsSummary(
      body([900, 950], { established: [0, 5] }),
      budget(KEY, { exhaustionSeconds: 130, free: 45 }),
    );
    expect(text).toMatch(
      /^955 of 1,000 ports held now: TIME_WAIT 950, established 5, other states 0, blocked by bind\(\) 0\. At most 955, at \d\d:\d\d:\d\d\. At this rate none is left in 2 min 10 s\.$/,
    );
    expect(portsSummary(body([900]), budget(KEY, { exhaustionSeconds: 0, free: 0 }))).toMatch(
      /No port is left\.$/,
    );
    expect(portsSummary(body([null]), undefined)).toMatch(
      /^– ports held now: TIME_WAIT –.*Nothing recorded yet\.$/,
    );
    const owned = body([90], {
      owners: [
        { program: 'b', held: [20] },
        { program: 'a', held: [60] },
      ],
    });
    const forecast = { from: FROM / 1000 - 1, held: [80, 85] };
    expect(portsSummary(owned, undefined, [], forecast)).toMatch(
      / Forecast for now, with the change that was copied: 85\.$/,
    );
    const mark = { time: FROM, word: 'setting', text: 'Setting changed: x' };
    expect(portsSummary(owned, undefined, [mark])).toMatch(
      / Held by a 60, b 20, others 10\. At most 90, .* Setting changed: x\.$/,
    );
  });

  it('say how much fails, and since when', () => {
    const failing = body([1, 1, 1], {
      opensPerSec: [70, 3, 4],
      failuresPerSec: { EADDRNOTAVAIL: [0, 50, 66] },
    });
    const at = String.raw`\d\d:\d\d:\d\d`;
    expect(ratesSummary(failing, budget(KEY, { sustainablePerSec: 33.3 }))).toMatch(
      new RegExp(
        `^Opens 4.0/s now, at most 70.0/s at ${at}\\. The ports allow 33.3/s\\. Failures by EADDRNOTAVAIL 66.0/s now, at most 66.0/s at ${at}, first at ${at}\\.$`,
      ),
    );
    expect(ratesSummary(body([1]), undefined)).toMatch(/ No failures\.$/);
  });

  it('spell out what a process may have smuggled into a note', () => {
    expect(
      noteWords({
        time: FROM,
        kind: 'process-start',
        text: 'wo\u202erker (pid 7)',
        incident: null,
        netnsId: null,
      }),
    ).toEqual({
      word: 'Process started',
      text: 'wo\\u202erker (pid 7)',
    });
  });
});

describe('the budget shown', () => {
  const row = (key: string, used: number) =>
    budget(key, { limit: 1000, used, free: 1000 - used, exhaustionSeconds: null });
  const rows = (...all: ReturnType<typeof row>[]) => new Map(all.map((one) => [one.key, one]));
  const calm = { level: 'ok', budget: null } as const;

  it('is the tightest, and another one only when that is clearly tighter', () => {
    expect(automatic(null, calm, rows(row('a', 100), row('b', 300)))).toBe('b');
    expect(automatic('a', calm, rows(row('a', 100), row('b', 140)))).toBe('a');
    expect(automatic('a', calm, rows(row('a', 100), row('b', 160)))).toBe('b');
    expect(automatic('a', calm, rows(row('a', 0), row('b', 1)))).toBe('b');
    expect(automatic(null, calm, rows())).toBeNull();
  });

  it('is what an alarm is about, and stays it after the recovery', () => {
    const both = rows(row('a', 950), row('b', 100));
    expect(automatic('b', { level: 'critical', budget: 'a' }, both)).toBe('a');
    expect(automatic('a', { level: 'critical', budget: 'b' }, both)).toBe('a');
    expect(automatic('b', { level: 'recovered', budget: 'a' }, both)).toBe('a');
    expect(automatic('drained', { level: 'recovered', budget: 'a' }, both)).toBe('drained');
    expect(automatic(null, { level: 'critical', budget: 'b' }, both)).toBe('a');
  });

  it('is asked for by a filter that it passes alone, also where the table has no room for it', () => {
    const keys = ['18/127.0.0.1/127.0.0.1:90', '18/::1/[::1]:443', '18/127.0.0.1/127.0.0.1:9000'];
    const others = ['118/127.0.0.1/127.0.0.1:90', '18/10.127.0.0.1/127.0.0.1:90', ...keys];
    for (const key of keys) {
      const { matches } = parseFilter(filterOfKey(key) ?? '');
      const passed = others.filter((one) =>
        matches({ ...budget(one, {}), netnsId: one.slice(0, one.indexOf('/')) }),
      );
      expect(passed).toEqual([key]);
    }
    expect(['18/a b', '18/"', '18/*', 'tightest'].map(filterOfKey)).toEqual([null, null, null, null]);
  });

  it('has a history: no pool of bind(), and none that the service just did not know', () => {
    const pool = { ...row('p', 900), kind: 'bind-pool' as const };
    const all = rows(pool, row('a', 100), row('b', 50));
    expect(automatic(null, { level: 'critical', budget: 'p' }, all)).toBe('a');
    expect(automatic(null, calm, all, 'a')).toBe('b');
  });
});
