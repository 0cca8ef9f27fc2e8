/**
 * From a table's changes to steps: each row as it was before and as it is now. Enters: what changed, per publish tick.
 * Leaves: steps. The rows are the store's own, so that they are remembered at no cost. Called by families.ts.
 */
import type { AnyRow } from '../../protocol/frames.js';
import type { Changed } from '../../query/row-store.js';

export interface Step<Row> {
  /** Null: it is new. */
  readonly before: Row | null;
  /** Null: it is gone. */
  readonly after: Row | null;
}

export class Steps<Row extends AnyRow> {
  readonly #rows = new Map<string, Row>();

  take(changed: readonly Changed[]): Step<Row>[] {
    return changed.map(({ key, entry }) => {
      const before = this.#rows.get(key) ?? null;
      const after = entry === null ? null : (entry.row as Row);
      if (after === null) this.#rows.delete(key);
      else this.#rows.set(key, after);
      return { before, after };
    });
  }
}
