import { describe, expect, it } from 'vitest';
import { CookieMap } from '../../../../src/aggregate/tables/cookie-map.js';
import { RecentCookies } from '../../../../src/aggregate/tables/recent-cookies.js';
import { random } from '../../../support/random.js';

/** What the table must hold, by the plainest means. */
class Model {
  readonly entries = new Map<bigint, number>();
  constructor(
    readonly map: CookieMap,
    private readonly limit: number,
  ) {}

  check(): void {
    const held = new Map<bigint, number>();
    this.map.forEach((low, high, value) => {
      held.set((BigInt(high) << 32n) | BigInt(low), value);
    });
    expect(held).toEqual(this.entries);
    expect(this.map.size).toBe(this.entries.size);
  }

  /** One step on both; false when they disagree. */
  step(what: number, low: number, high: number, value: number): boolean {
    const key = (BigInt(high) << 32n) | BigInt(low);
    const known = this.entries.get(key) ?? -1;
    if (what < 50) return this.insert(key, low, high, value);
    if (what < 70) this.entries.delete(key);
    const answer = what < 70 ? this.map.delete(low, high) : this.map.get(low, high);
    return answer === known;
  }

  private insert(key: bigint, low: number, high: number, value: number): boolean {
    const fits = this.entries.has(key) || this.entries.size < this.limit;
    if (fits) this.entries.set(key, value);
    const after = fits ? value : -1;
    return this.map.set(low, high, value) === fits && this.map.get(low, high) === after;
  }
}

/** 100,000 inserts, changes, look-ups and deletions of cookies made by `cookie`. */
function exercise(limit: number, cookie: (next: number) => [low: number, high: number]): Model {
  const next = random(limit);
  const model = new Model(new CookieMap(limit), limit);
  for (let i = 0; i < 100_000; i++) {
    if (!model.step(next(100), ...cookie(next(4000)), i)) throw new Error(`they disagree after step ${i}`);
  }
  model.check();
  return model;
}

describe('the table of cookies', () => {
  it('holds what a Map holds, whatever comes and goes', () => {
    exercise(100_000, (n) => [n + 1, 0]);
    exercise(100_000, (n) => [Math.imul(n + 1, 0x9e3779b1) >>> 0, n % 7]);
  });

  it('holds cookies of all CPUs: equal low halves, equal high halves, the top bits', () => {
    exercise(100_000, (n) => [1, n]);
    exercise(100_000, (n) => [(n << 20) >>> 0, 2 ** 32 - 1 - (n >> 8)]);
  });

  it('refuses new cookies beyond its limit, and takes them again once there is room', () => {
    const { map } = exercise(500, (n) => [n + 1, 0]);
    expect(map.size).toBeLessThanOrEqual(500);
  });

  it('never stores cookie 0, which means unknown', () => {
    const map = new CookieMap(10);
    expect(map.set(0, 0, 5)).toBe(false);
    expect(map.get(0, 0)).toBe(-1);
    expect(map.delete(0, 0)).toBe(-1);
    expect(map.size).toBe(0);
  });

  it('keeps value 0 apart from nothing', () => {
    const map = new CookieMap(10);
    map.set(1, 0, 0);
    expect(map.get(1, 0)).toBe(0);
    expect(map.delete(1, 0)).toBe(0);
  });
});

describe('the recent cookies', () => {
  it('are the last ones added, as many as fit', () => {
    const recent = new RecentCookies(100);
    for (let n = 1; n <= 1000; n++) {
      recent.add(n, n % 3);
      expect(recent.has(n, n % 3)).toBe(true);
      expect(recent.has(n - 100, (n - 100) % 3)).toBe(false);
      if (n > 99) expect(recent.has(n - 99, (n - 99) % 3)).toBe(true);
    }
  });
});
