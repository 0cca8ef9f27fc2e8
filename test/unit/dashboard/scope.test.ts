import { describe, expect, it } from 'vitest';
import { distance, forecastChart } from '../../../dashboard/charts/forecast.js';
import { found, scoped, scopeWord } from '../../../dashboard/state/scope.js';
import { AT_REST, changesOf, isChange, wantedOf } from '../../../dashboard/state/whatif/changes.js';
import { UNCHANGED } from '../../../src/forecast/projection.js';
import type { HistoryBody } from '../../../src/protocol/history.js';
import { parseFilter } from '../../../src/query/filter/parse.js';
import { flow, totals } from '../publish/rows.js';

describe('the namespace that the page is about', () => {
  const all = [
    totals('7', { netnsId: '7', netns: 4711, name: 'blue' }),
    totals('4711', { netnsId: '4711', netns: 12, name: 'a "b' }),
  ];

  it('is found by its id before all others, by inode, by name', () => {
    expect(['7', '4711', '12', 'a "b', 'none'].map((text) => found(text, all)?.name)).toEqual([
      'blue',
      'a "b',
      'a "b',
      'a "b',
      undefined,
    ]);
  });

  it('is a word of a filter behind what the user wrote, which lets its rows through and no others', () => {
    expect(scopeWord(null, all)).toBe('');
    expect(scoped(' dst:10.0.0.9 ', scopeWord('blue', all))).toBe('dst:10.0.0.9 netnsId:7');
    expect([scopeWord('99', []), scopeWord('a "b\\', [])]).toEqual(['netnsId:99', 'netns:"a \\"b\\\\"']);
    const { matches } = parseFilter(scoped('', scopeWord('blue', all)));
    expect([flow('a', { netnsId: '7' }), flow('b', { netnsId: '8' })].map(matches)).toEqual([true, false]);
  });
});

describe('what-if on the page', () => {
  const settings = { portRange: [30_000, 39_999] as [number, number], tcpTwReuse: 2 };

  it('changes nothing until a slider is moved away from what is set', () => {
    expect(changesOf(AT_REST, settings)).toEqual(UNCHANGED);
    const back = { ...AT_REST, low: 30_000, high: 39_999, twReuse: 2 };
    expect([isChange(changesOf(back, settings)), wantedOf(back, settings)]).toEqual([
      false,
      { range: null, twReuse: null },
    ]);
  });

  it('has a range whose ends never cross, and shares of connections', () => {
    const moved = { ...AT_REST, low: 50_000, twReuse: 1, pooled: 80, sources: 3 };
    expect(changesOf(moved, settings)).toEqual({
      ...{ range: [50_000, 50_001], twReuse: 1, sources: 3, destinations: 1, reused: 0.8 },
    });
  });

  it('draws what was measured, and what may come, on one axis; and how far they are apart', () => {
    const held = [100, 110, 120];
    const zero = held.map(() => 0);
    const body: HistoryBody = {
      ...{ budget: 'b', from: 1_700_000_000_000, stepMs: 1000, seconds: 3, timeWait: held },
      ...{ limit: zero, established: zero, other: zero, blocked: zero, opensPerSec: zero },
      ...{ failuresPerSec: {}, annotations: [] },
    };
    const now = { from: 1_700_000_002, held: [120, 130] };
    const kept = { from: 1_700_000_001, held: [100, 100, 100] };
    const { times, newest, curves } = forecastChart(body, {
      now,
      changed: null,
      kept,
      limit: 400,
      limitThen: 900,
    });
    const at = (id: string, time: number) =>
      curves.find((curve) => curve.id === id)?.column[times.indexOf(1_700_000_000 + time)];
    expect([times[newest], times.length]).toEqual([1_700_000_002, 421]);
    expect(curves.map(({ id }) => id)).toEqual([
      'measured',
      'limit',
      'limit-then',
      'forecast-now',
      'forecast-kept',
    ]);
    expect([at('measured', 1), at('measured', 3), at('forecast-now', 3), at('forecast-now', 1)]).toEqual([
      110,
      null,
      130,
      null,
    ]);
    expect([distance(body, kept), distance(body, { from: 1, held: [1] })]).toEqual([15, null]);
  });
});
