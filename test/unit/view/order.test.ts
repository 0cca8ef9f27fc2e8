import { describe, expect, it } from 'vitest';
import { comparator, GHOST_MS, type Ranking, RERANK_MS, rerank, unranked } from '../../../src/view/order.js';

interface Row {
  key: string;
  ports: number | null;
}

const by = comparator<Row>([{ of: (row) => row.ports, descending: true }]);
const table = (ports: Record<string, number | null>) =>
  new Map(Object.entries(ports).map(([key, value]) => [key, { key, ports: value }]));
const keys = (ranking: Ranking<Row>) => ranking.rows.map((row) => row.key).join('');
const at = (now: number, parts = {}) => ({ now, held: false, forced: false, ...parts });
const start = () => rerank(unranked<Row>(), table({ a: 3, b: 2, c: 1 }), by, at(0));

describe('comparator', () => {
  it('puts the unknown last in both directions and settles ties by key', () => {
    const rows = [...table({ d: null, c: 1, b: 5, a: 5 }).values()];
    const rising = comparator<Row>([{ of: (row) => row.ports, descending: false }]);
    expect(rows.toSorted(by).map((row) => row.key)).toEqual(['a', 'b', 'c', 'd']);
    expect(rows.toSorted(rising).map((row) => row.key)).toEqual(['c', 'a', 'b', 'd']);
  });

  it('asks the next value where the first is equal', () => {
    const second = { of: (row: Row) => row.key, descending: true };
    const rows = [...table({ a: 1, b: 1, c: 2 }).values()];
    const both = comparator<Row>([{ of: (row) => row.ports, descending: true }, second]);
    expect(rows.toSorted(both).map((row) => row.key)).toEqual(['c', 'b', 'a']);
  });
});

describe('rerank', () => {
  it('shows new values at once but new ranks at most every 2 s', () => {
    const early = rerank(start(), table({ a: 3, b: 9, c: 1 }), by, at(RERANK_MS - 1));
    expect(keys(early)).toBe('abc');
    expect(early.rows[1]?.ports).toBe(9);
    expect(keys(rerank(early, table({ a: 3, b: 9, c: 1 }), by, at(RERANK_MS)))).toBe('bac');
  });

  it('counts the 2 s from the last real change of ranks', () => {
    const calm = rerank(start(), table({ a: 4, b: 2, c: 1 }), by, at(RERANK_MS));
    expect(keys(rerank(calm, table({ a: 4, b: 5, c: 1 }), by, at(RERANK_MS + 1)))).toBe('bac');
  });

  it('puts newcomers last and lets the departed go until ranks are due', () => {
    expect(keys(rerank(start(), table({ a: 3, c: 1, n: 8 }), by, at(10)))).toBe('acn');
  });

  it('moves no row while held, not even a departed one for a while, and keeps the values live', () => {
    const held = rerank(start(), table({ a: 0, c: 7 }), by, at(60_000, { held: true }));
    expect(keys(held)).toBe('abc');
    expect(held.rows.map((row) => row.ports)).toEqual([0, 2, 7]);
    expect([...held.gone.keys()]).toEqual(['b']);
    const later = rerank(held, table({ a: 0, c: 7 }), by, at(60_000 + GHOST_MS - 1, { held: true }));
    expect(keys(later)).toBe('abc');
    expect(keys(rerank(later, table({ a: 0, c: 7 }), by, at(60_000 + GHOST_MS, { held: true })))).toBe('ac');
    const released = rerank(held, table({ a: 0, c: 7 }), by, at(60_001));
    expect(keys(released)).toBe('ca');
    expect(released.gone.size).toBe(0);
  });

  it('obeys a chosen order at once, held or not', () => {
    const moment = at(1, { held: true, forced: true });
    expect(keys(rerank(start(), table({ a: 1, b: 2, c: 3 }), by, moment))).toBe('cba');
  });

  it('is the very same object when nothing would be drawn differently', () => {
    const rows = table({ a: 3, b: 2, c: 1 });
    const first = rerank(unranked<Row>(), rows, by, at(0));
    expect(rerank(first, rows, by, at(60_000))).toBe(first);
  });
});
