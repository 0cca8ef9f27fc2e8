/**
 * From the changed keys of a table to row changes: each row as it was before and as it is now. In: what changed, per publish
 * tick. Out: row changes. The rows kept here are the store's own objects, so keeping them costs no copies.
 */
import type { AnyRow } from '../../protocol/frames.js';
import type { EntryChange } from '../../query/row-store.js';

export interface RowChange<Row> {
  /** Null: the row is new. */
  readonly before: Row | null;
  /** Null: the row is gone. */
  readonly after: Row | null;
}

export class RowChanges<Row extends AnyRow> {
  readonly #rows = new Map<string, Row>();

  take(changed: readonly EntryChange[]): RowChange<Row>[] {
    return changed.map(({ key, entry }) => {
      const before = this.#rows.get(key) ?? null;
      const after = entry === null ? null : (entry.row as Row);
      if (after === null) this.#rows.delete(key);
      else this.#rows.set(key, after);
      return { before, after };
    });
  }
}
