/**
 * Which socket of the table holds a tuple: at most one, since the kernel has no second one with the same ends. In: slots and
 * tuples as numbers. Out: slots. Open addressing with linear probing; the tuples lie in columns by slot, so one socket costs
 * 8 bytes here and about 12 in the index. As large as the socket table that it belongs to.
 */
import type { Tuple } from '../model/tuple.js';

const FIRST_SLOTS = 1024;

export class TupleIndex {
  /** Slot + 1; 0: free. */
  private places = new Int32Array(FIRST_SLOTS);
  private mask = FIRST_SLOTS - 1;
  private filled = 0;
  private low = new Int32Array(FIRST_SLOTS);
  private high = new Int32Array(FIRST_SLOTS);

  /** @param limit most slots */
  constructor(private readonly limit: number) {}

  /** The slot that holds it, or -1. */
  find(tuple: Tuple): number {
    return (this.places[this.placeOf(tuple.low, tuple.high)] as number) - 1;
  }

  /** Whoever had it before has it no more, and the slot no other one. */
  set(slot: number, tuple: Tuple): void {
    if (slot >= this.low.length) this.extend(slot);
    if (this.has(slot)) this.delete(slot);
    /* Half full: each place that is passed over costs a look at another slot's column. */
    if (this.filled * 2 >= this.mask) this.grow();
    const place = this.placeOf(tuple.low, tuple.high);
    if (this.places[place] === 0) this.filled += 1;
    this.places[place] = slot + 1;
    this.low[slot] = tuple.low;
    this.high[slot] = tuple.high;
  }

  /** The slot holds none. */
  delete(slot: number): void {
    if (slot >= this.low.length || !this.has(slot)) return;
    const place = this.placeOf(this.low[slot] as number, this.high[slot] as number);
    if (this.places[place] === slot + 1) {
      this.close(place);
      this.filled -= 1;
    }
    this.low[slot] = 0;
    this.high[slot] = 0;
  }

  /** Another slot has the tuple that it had. */
  isOvertaken(slot: number): boolean {
    if (slot >= this.low.length || !this.has(slot)) return false;
    return this.places[this.placeOf(this.low[slot] as number, this.high[slot] as number)] !== slot + 1;
  }

  private has(slot: number): boolean {
    return this.low[slot] !== 0 || this.high[slot] !== 0;
  }

  /** Of a tuple, or of the free place where it would be. */
  private placeOf(low: number, high: number): number {
    let place = low & this.mask;
    for (let slot = this.slotAt(place); slot >= 0; slot = this.slotAt(place)) {
      if (this.low[slot] === low && this.high[slot] === high) break;
      place = (place + 1) & this.mask;
    }
    return place;
  }

  private slotAt(place: number): number {
    return (this.places[place] as number) - 1;
  }

  /** Moves later entries of the same run back into the hole, so that a probe never has to cross one. */
  private close(hole: number): void {
    for (let place = (hole + 1) & this.mask; this.places[place] !== 0; place = (place + 1) & this.mask) {
      const home = (this.low[this.slotAt(place)] as number) & this.mask;
      if (((place - home) & this.mask) < ((place - hole) & this.mask)) continue;
      this.places[hole] = this.places[place] as number;
      hole = place;
    }
    this.places[hole] = 0;
  }

  private grow(): void {
    const old = this.places;
    this.places = new Int32Array(old.length * 2);
    this.mask = this.places.length - 1;
    for (const entry of old) {
      if (entry !== 0)
        this.places[this.placeOf(this.low[entry - 1] as number, this.high[entry - 1] as number)] = entry;
    }
  }

  private extend(slot: number): void {
    const size = Math.min(this.limit, Math.max(slot + 1, this.low.length * 2));
    const { low, high } = this;
    this.low = new Int32Array(size);
    this.low.set(low);
    this.high = new Int32Array(size);
    this.high.set(high);
  }
}
