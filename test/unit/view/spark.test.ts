import { describe, expect, it } from 'vitest';
import { growth, SPARK_SECONDS, Sparks, sparkPath } from '../../../src/view/spark.js';

const START = 1_700_000_000_000;

describe('the last minute of rows', () => {
  it('has one value a second, and a gap for each second that nobody looked', () => {
    const sparks = new Sparks();
    expect(sparks.look([['a', 1]], START)).toBe(true);
    expect(sparks.look([['a', 9]], START + 400)).toBe(false);
    sparks.look([['a', 2]], START + 1_000);
    sparks.look([['a', 5]], START + 3_000);
    expect(sparks.of('a')).toEqual([1, 2, null, 5]);
  });

  it('is bounded: a minute of each row that is there, nothing of those that went', () => {
    const sparks = new Sparks();
    for (let second = 0; second < 3 * SPARK_SECONDS; second++)
      sparks.look([['a', second], ...(second === 0 ? [['b', 1] as const] : [])], START + second * 1_000);
    expect(sparks.of('a')).toHaveLength(SPARK_SECONDS);
    expect(sparks.of('b')).toEqual([]);
    sparks.look([['a', 7]], START + 86_400_000);
    expect(sparks.of('a')).toHaveLength(SPARK_SECONDS);
    expect(sparks.of('a').filter((value) => value !== null)).toEqual([7]);
  });

  it('begins anew when the clock goes back', () => {
    const sparks = new Sparks();
    sparks.look([['a', 1]], START);
    sparks.look([['a', 2]], START - 5_000);
    expect(sparks.of('a')).toEqual([2]);
  });

  it('says what it has grown by, as far as somebody looked', () => {
    expect([growth([3, null, 10]), growth([8, 2]), growth([null]), growth([])]).toEqual([7, -6, null, null]);
  });
});

describe('its line', () => {
  it('ends at the right edge, has its largest value at the top, and a gap where nobody looked', () => {
    expect(sparkPath([0, 10], 59, 20)).toBe('M58 20L59 0');
    expect(sparkPath([5, null, 10, 10], 59, 20)).toBe('M56 10h0.1M58 0L59 0');
  });

  it('is nothing where nothing is known, and flat where nothing is held', () => {
    expect([sparkPath([], 59, 20), sparkPath([null], 59, 20)]).toEqual(['', '']);
    expect(sparkPath([0, 0], 59, 20)).toBe('M58 20L59 20');
  });

  it('is drawn to what is full, where that is more', () => {
    expect(sparkPath([5, 5], 59, 20, 10)).toBe('M58 10L59 10');
  });
});
