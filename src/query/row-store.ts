/**
 * The current rows of one table topic. In: changes from the engine, once per publish tick. Out: the entries that changed,
 * for the views; each row's JSON text, made at most once for all clients.
 */
import type { AnyRow } from '../protocol/frames.js';
import type { Changes } from '../protocol/source.js';

/** One version of one row. A changed row is a new Entry, so comparing identities shows whether a client has it. */
export class Entry {
  #json: string | null = null;

  constructor(readonly row: AnyRow) {}

  get key(): string {
    return this.row.key;
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.row);
    return this.#json;
  }
}

/** The new entry of one key; null: the row is gone. */
export interface EntryChange {
  key: string;
  entry: Entry | null;
}

export class RowStore {
  readonly entries = new Map<string, Entry>();
  /** A name that is learned later may admit them. */
  readonly #refused = new Map<string, AnyRow>();

  /** Rows that `admits` refuses are never published. */
  constructor(private readonly admits: (row: AnyRow) => boolean = () => true) {}

  /** Takes a tick's changes; a key both set and deleted ends up set. The rows belong to the store from here on. */
  apply({ set, del }: Changes<AnyRow>): EntryChange[] {
    const changed = new Map<string, EntryChange>();
    for (const key of del) {
      this.#refused.delete(key);
      if (this.entries.delete(key)) changed.set(key, { key, entry: null });
    }
    for (const row of set) {
      const entry = this.#put(row);
      if (entry !== undefined) changed.set(row.key, { key: row.key, entry });
    }
    return [...changed.values()];
  }

  /**
   * Admits and refuses these rows anew, as after a namespace's name was learned. Those that stay come again too, with the entry that
   * they have: a view may judge them otherwise now.
   */
  reconsider(isConcerned: (row: AnyRow) => boolean): EntryChange[] {
    const admitted = [...this.#refused.values()].filter((row) => isConcerned(row) && this.admits(row));
    const judged = [...this.entries.values()].filter(({ row }) => isConcerned(row));
    const refused = judged.map(({ row }) => row).filter((row) => !this.admits(row));
    const changed = this.apply({ set: [...admitted, ...refused], del: [] });
    const stayed = judged
      .filter(({ key }) => this.entries.has(key))
      .map((entry) => ({ key: entry.key, entry }));
    return [...stayed, ...changed];
  }

  /** The new entry; null: the row is no longer admitted; undefined: it never was. */
  #put(row: AnyRow): Entry | null | undefined {
    if (!this.admits(row)) {
      this.#refused.set(row.key, row);
      return this.entries.delete(row.key) ? null : undefined;
    }
    this.#refused.delete(row.key);
    const entry = new Entry(row);
    this.entries.set(row.key, entry);
    return entry;
  }
}
