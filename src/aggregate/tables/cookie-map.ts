/**
 * A bounded table from socket cookie to a small non-negative integer: which flow a live connection belongs to.
 * Open addressing with linear probing over typed arrays: no object per connection, 12 bytes per slot, deletions leave no
 * tombstones. Cookies come as two u32 halves; cookie 0 means unknown and is never stored.
 */
const FIRST_SLOTS = 1024;

export class CookieMap {
  private low = new Uint32Array(FIRST_SLOTS);
  private high = new Uint32Array(FIRST_SLOTS);
  private values = new Int32Array(FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  private used = 0;

  /** @param limit most entries held; beyond it `set` refuses. */
  constructor(private readonly limit: number) {}

  get size(): number {
    return this.used;
  }

  /** The value, or -1. */
  get(low: number, high: number): number {
    const slot = this.find(low, high);
    return this.isEmpty(slot) ? -1 : (this.values[slot] as number);
  }

  /** False when the table is full and the cookie is new. */
  set(low: number, high: number, value: number): boolean {
    if ((low | high) === 0) return false;
    let slot = this.find(low, high);
    if (this.isEmpty(slot)) {
      if (this.used >= this.limit) return false;
      if (this.used * 4 >= this.mask * 3) {
        this.grow();
        slot = this.find(low, high);
      }
      this.low[slot] = low;
      this.high[slot] = high;
      this.used += 1;
    }
    this.values[slot] = value;
    return true;
  }

  /** Removes the cookie; returns its value, or -1. */
  delete(low: number, high: number): number {
    const slot = this.find(low, high);
    if (this.isEmpty(slot)) return -1;
    const value = this.values[slot] as number;
    this.close(slot);
    this.used -= 1;
    return value;
  }

  /** Calls back for every entry. The table must not change meanwhile. */
  forEach(visit: (low: number, high: number, value: number) => void): void {
    for (let slot = 0; slot <= this.mask; slot++) {
      if (!this.isEmpty(slot)) {
        visit(this.low[slot] as number, this.high[slot] as number, this.values[slot] as number);
      }
    }
  }

  private isEmpty(slot: number): boolean {
    return ((this.low[slot] as number) | (this.high[slot] as number)) === 0;
  }

  /** Cookies are handed out in sequence per CPU: spread them. */
  private home(low: number, high: number): number {
    const hash = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
    return (hash ^ (hash >>> 15)) & this.mask;
  }

  private find(low: number, high: number): number {
    let slot = this.home(low, high);
    while (!this.isEmpty(slot) && (this.low[slot] !== low || this.high[slot] !== high))
      slot = (slot + 1) & this.mask;
    return slot;
  }

  /** Moves later entries of the same run back into the hole, so that a probe never has to cross one. */
  private close(hole: number): void {
    for (let slot = (hole + 1) & this.mask; !this.isEmpty(slot); slot = (slot + 1) & this.mask) {
      const home = this.home(this.low[slot] as number, this.high[slot] as number);
      if (((slot - home) & this.mask) >= ((slot - hole) & this.mask)) {
        this.move(slot, hole);
        hole = slot;
      }
    }
    this.low[hole] = 0;
    this.high[hole] = 0;
  }

  private move(from: number, to: number): void {
    this.low[to] = this.low[from] as number;
    this.high[to] = this.high[from] as number;
    this.values[to] = this.values[from] as number;
  }

  private grow(): void {
    const { low, high, values } = this;
    const slots = low.length * 2;
    this.low = new Uint32Array(slots);
    this.high = new Uint32Array(slots);
    this.values = new Int32Array(slots);
    this.mask = slots - 1;
    this.used = 0;
    for (let slot = 0; slot < low.length; slot++) {
      if (low[slot] || high[slot])
        this.set(low[slot] as number, high[slot] as number, values[slot] as number);
    }
  }
}
