/**
 * The visible rows of one view, with the tick of each row's last change. In: the visible entries that changed, per tick.
 * Out: the difference to any earlier tick. A slow client takes a difference over several ticks, so its changes merge.
 */
import type { Entry, EntryChange } from './row-store.js';

interface RowVersion {
  entry: Entry;
  /** Tick of the last change. */
  seq: number;
}

export interface Difference {
  set: Entry[];
  del: string[];
}

/** Deletions remembered; a client that is further behind gets a snapshot. */
const MAX_TOMBSTONES = 10_000;

export class RowVersions {
  readonly #rows = new Map<string, RowVersion>();
  /** Tick at which each key was deleted, oldest first. */
  readonly #tombstones = new Map<string, number>();
  /** Oldest tick to which the difference is known. */
  #horizon: number;

  constructor(
    seq: number,
    private readonly maxTombstones = MAX_TOMBSTONES,
  ) {
    this.#horizon = seq;
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): Entry | undefined {
    return this.#rows.get(key)?.entry;
  }

  keys(): IterableIterator<string> {
    return this.#rows.keys();
  }

  *entries(): Generator<Entry> {
    for (const row of this.#rows.values()) yield row.entry;
  }

  apply(changed: readonly EntryChange[], seq: number): void {
    for (const { key, entry } of changed) {
      if (entry) this.#set(key, entry, seq);
      else if (this.#rows.delete(key)) this.#addTombstone(key, seq);
    }
  }

  /** Null: the difference to a tick that long ago is not known. */
  since(seq: number): Difference | null {
    if (seq < this.#horizon) return null;
    const set: Entry[] = [];
    for (const row of this.#rows.values()) if (row.seq > seq) set.push(row.entry);
    const del: string[] = [];
    for (const [key, at] of this.#tombstones) if (at > seq) del.push(key);
    return { set, del };
  }

  #set(key: string, entry: Entry, seq: number): void {
    this.#tombstones.delete(key);
    this.#rows.set(key, { entry, seq });
  }

  #addTombstone(key: string, seq: number): void {
    this.#tombstones.delete(key);
    this.#tombstones.set(key, seq);
    if (this.#tombstones.size <= this.maxTombstones) return;
    const [oldest, at] = this.#tombstones.entries().next().value as [string, number];
    this.#tombstones.delete(oldest);
    this.#horizon = at;
  }
}
