/**
 * What the clients of one view can see, and since when. Enters: the visible entries that changed, per tick. Leaves: the
 * difference to any earlier tick, so that a slow client's changes merge by asking later. Called by view.ts.
 */
import type { Entry, EntryChange } from './row-store.js';

interface Slot {
  entry: Entry;
  /** Tick of its last change. */
  seq: number;
}

export interface Difference {
  set: Entry[];
  del: string[];
}

/** Deletions remembered; a client further behind than these reach gets a snapshot. */
const MAX_TOMBSTONES = 10_000;

export class RowVersions {
  readonly #slots = new Map<string, Slot>();
  /** Tick at which a key left, oldest first. */
  readonly #gone = new Map<string, number>();
  /** Differences to ticks before this one are not known. */
  #horizon: number;

  constructor(
    seq: number,
    private readonly maxTombstones = MAX_TOMBSTONES,
  ) {
    this.#horizon = seq;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): Entry | undefined {
    return this.#slots.get(key)?.entry;
  }

  keys(): IterableIterator<string> {
    return this.#slots.keys();
  }

  *entries(): Generator<Entry> {
    for (const slot of this.#slots.values()) yield slot.entry;
  }

  apply(changed: readonly EntryChange[], seq: number): void {
    for (const { key, entry } of changed) {
      if (entry) this.#set(key, entry, seq);
      else if (this.#slots.delete(key)) this.#bury(key, seq);
    }
  }

  /** Null when `seq` is too long ago to tell. */
  since(seq: number): Difference | null {
    if (seq < this.#horizon) return null;
    const set: Entry[] = [];
    for (const slot of this.#slots.values()) if (slot.seq > seq) set.push(slot.entry);
    const del: string[] = [];
    for (const [key, at] of this.#gone) if (at > seq) del.push(key);
    return { set, del };
  }

  #set(key: string, entry: Entry, seq: number): void {
    this.#gone.delete(key);
    this.#slots.set(key, { entry, seq });
  }

  #bury(key: string, seq: number): void {
    this.#gone.delete(key);
    this.#gone.set(key, seq);
    if (this.#gone.size <= this.maxTombstones) return;
    const [oldest, at] = this.#gone.entries().next().value as [string, number];
    this.#gone.delete(oldest);
    this.#horizon = at;
  }
}
