/**
 * A replica of one table on its way to clients, which the diagnosis reads: passes changes on and keeps the current rows. The
 * diagnosis pulls once a second, clients at their own pace. In: a table source. Out: the same changes, the rows.
 */
import type { RowOf, TableTopic } from '../../protocol/frames.js';
import type { Changes, TableSource } from '../../protocol/source.js';

export class TableReplica<T extends TableTopic> implements TableSource<T> {
  /** The rows that clients have or will get: to be read only. */
  readonly rows = new Map<string, RowOf<T>>();
  private readonly set = new Map<string, RowOf<T>>();
  private readonly del = new Set<string>();
  private pulled = Number.NEGATIVE_INFINITY;

  constructor(private readonly source: TableSource<T>) {}

  /** Takes over what changed. Unix ms. */
  pull(now: number): void {
    if (now === this.pulled) return;
    this.pulled = now;
    const { set, del } = this.source.collect(now);
    for (const key of del) this.remove(key);
    for (const row of set) this.put(row);
  }

  collect(now: number): Changes<RowOf<T>> {
    this.pull(now);
    const changes = { set: [...this.set.values()], del: [...this.del] };
    this.set.clear();
    this.del.clear();
    return changes;
  }

  private remove(key: string): void {
    this.rows.delete(key);
    this.set.delete(key);
    this.del.add(key);
  }

  protected put(row: RowOf<T>): void {
    this.rows.set(row.key, row);
    this.set.set(row.key, row);
    this.del.delete(row.key);
  }
}
