import { describe, expect, it } from 'vitest';
import { DurationPool, DurationWindow } from '../../../../src/aggregate/measure/quantiles.js';
import { random } from '../../../support/random.js';

function window(second: number, microseconds: readonly number[]): DurationWindow {
  const result = new DurationWindow();
  for (const one of microseconds) result.add(one, second);
  return result;
}

/** The rank the histogram asks for, on the values themselves; ms. */
function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] as number) / 1000;
}

describe('quantiles of durations', () => {
  it('are null when nothing was measured', () => {
    expect(new DurationWindow().quantiles(5)).toEqual({ p50: null, p99: null });
  });

  it.each([
    ['even', (next: (n: number) => number) => 1 + next(1_000_000)],
    ['skewed over six decades', (next: (n: number) => number) => Math.round(10 ** (next(6000) / 1000)) + 1],
    [
      'two-peaked',
      (next: (n: number) => number) => (next(100) < 98 ? 200 + next(20) : 3_000_000 + next(1000)),
    ],
    ['constant', () => 1234],
  ])('err by at most 9.6 %% of the true value when durations are %s', (_, draw) => {
    const next = random(3);
    const values = Array.from({ length: 5000 }, () => draw(next));
    const { p50, p99 } = window(100, values).quantiles(100);
    expect(Math.abs((p50 as number) / exact(values, 0.5) - 1)).toBeLessThan(0.096);
    expect(Math.abs((p99 as number) / exact(values, 0.99) - 1)).toBeLessThan(0.096);
  });

  it('of one value are that value', () => {
    for (const microseconds of [2, 150, 10_000, 60_000_000, 86_400_000_000]) {
      const { p50, p99 } = window(0, [microseconds]).quantiles(0);
      expect(p50).toBe(p99);
      expect(Math.abs((p50 as number) / (microseconds / 1000) - 1)).toBeLessThan(0.096);
    }
  });

  it('take what is shorter or longer than any bucket', () => {
    expect(window(0, [0]).quantiles(0).p50).toBeLessThan(0.002);
    expect(window(0, [2 ** 45]).quantiles(0).p50).toBeGreaterThan(5e8);
  });

  it('forget after ten seconds at most, and remember for five at least', () => {
    const durations = window(100, [1000]);
    expect(durations.quantiles(104).p50).not.toBeNull();
    expect(durations.quantiles(109).p50).not.toBeNull();
    expect(durations.quantiles(110).p50).toBeNull();
    const late = window(104, [1000]);
    expect(late.quantiles(109).p50).not.toBeNull();
    expect(late.quantiles(110).p50).toBeNull();
  });

  it('do not bring back what was forgotten', () => {
    const durations = window(100, [1_000_000]);
    for (const second of [111, 112, 117, 123]) durations.add(10, second);
    expect(durations.quantiles(123).p99).toBeLessThan(0.1);
  });
});

describe('the pool of histograms', () => {
  it('hands out no more than its limit, and empties what comes back', () => {
    const pool = new DurationPool(2);
    const first = pool.take() as DurationWindow;
    expect(pool.take()).not.toBeNull();
    expect(pool.take()).toBeNull();
    first.add(1000, 5);
    pool.give(first);
    const again = pool.take() as DurationWindow;
    expect(again.quantiles(5)).toEqual({ p50: null, p99: null });
    expect(pool.take()).toBeNull();
  });
});
