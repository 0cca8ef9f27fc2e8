/**
 * Entries by key, with the sums of their columns kept up to date: the candidates among which a view chooses its visible
 * rows. In: entries. Out: entries, and sums over those that are not visible.
 */
import type { TableTopic } from '../protocol/frames.js';
import type { Entry } from './row-store.js';
import { Sums } from './sums.js';

const SLICE = 512;

export class EntryPool {
  readonly #entries = new Map<string, Entry>();
  readonly #sums: Sums;

  constructor(private readonly topic: TableTopic) {
    this.#sums = new Sums(topic);
  }

  get size(): number {
    return this.#entries.size;
  }

  values(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  set(key: string, entry: Entry): void {
    const before = this.#entries.get(key);
    if (before) this.#sums.remove(before.row);
    this.#sums.add(entry.row);
    this.#entries.set(key, entry);
  }

  /** False when there was no such entry. */
  delete(key: string): boolean {
    const before = this.#entries.get(key);
    if (before) this.#sums.remove(before.row);
    return this.#entries.delete(key);
  }

  /** Sums over all but `visible`, which are entries of this pool; interrupted between them. */
  *sumsWithoutInSlices(visible: readonly Entry[]): Generator<void, Record<string, number | null>> {
    const rest = this.#sums.copy(this.topic);
    for (const [at, entry] of visible.entries()) {
      rest.remove(entry.row);
      if (at % SLICE === 0) yield;
    }
    return rest.values;
  }
}
