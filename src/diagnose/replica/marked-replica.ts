/**
 * A replica whose rows say which incident they are about. In: a table source, marks. Out: the same changes with `incident`, and rows whose
 * mark changed.
 */
import type { RowOf } from '../../protocol/frames.js';
import { TableReplica } from './table-replica.js';

export class MarkedReplica<T extends 'budgets' | 'failures'> extends TableReplica<T> {
  private marks: ReadonlyMap<string, string> = new Map();

  /** @param marks by the row's key: its incident's */
  mark(marks: ReadonlyMap<string, string>): void {
    const before = this.marks;
    this.marks = marks;
    for (const key of before.keys()) if (!marks.has(key)) this.again(key);
    for (const [key, incident] of marks) if (before.get(key) !== incident) this.again(key);
  }

  protected override put(row: RowOf<T>): void {
    const incident = this.marks.get(row.key) ?? null;
    super.put(row.incident === incident ? row : { ...row, incident });
  }

  private again(key: string): void {
    const row = this.rows.get(key);
    if (row !== undefined) this.put(row);
  }
}
