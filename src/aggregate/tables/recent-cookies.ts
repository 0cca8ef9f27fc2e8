/** The last few cookies added, by value: a fixed ring beside a CookieMap. */
import { CookieMap } from './cookie-map.js';

export class RecentCookies {
  private readonly map: CookieMap;
  private readonly low: Uint32Array;
  private readonly high: Uint32Array;
  private at = 0;

  constructor(private readonly limit: number) {
    this.map = new CookieMap(limit);
    this.low = new Uint32Array(limit);
    this.high = new Uint32Array(limit);
  }

  has(low: number, high: number): boolean {
    return this.map.get(low, high) >= 0;
  }

  /** Pushes out the oldest when full. A cookie is added once at most: each connection closes once. */
  add(low: number, high: number): void {
    this.map.delete(this.low[this.at] as number, this.high[this.at] as number);
    this.low[this.at] = low;
    this.high[this.at] = high;
    this.map.set(low, high, 1);
    this.at = (this.at + 1) % this.limit;
  }
}
