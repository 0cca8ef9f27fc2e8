import { describe, expect, it } from 'vitest';
import { ROW_PX, slice } from '../../../dashboard/views/table/window.js';

describe('slice', () => {
  const height = 20 * ROW_PX;

  it('draws all of a short table', () => {
    expect(slice(7, 0, height)).toEqual({ first: 0, end: 7 });
  });

  it.each([ROW_PX, 42])('covers what is in sight at any place of a long one, in few rows of %i px', (row) => {
    for (let top = 0; top <= 980 * row; top += 7) {
      const { first, end } = slice(1000, top, height, row);
      expect(first).toBeLessThanOrEqual(Math.floor(top / row));
      expect(end).toBeGreaterThanOrEqual(Math.min(1000, Math.ceil((top + height) / row)));
      expect(end - first).toBeLessThanOrEqual(40);
    }
  });

  it('never starts beyond a table that became shorter', () => {
    expect(slice(3, 900 * ROW_PX, height)).toEqual({ first: 0, end: 3 });
  });
});
