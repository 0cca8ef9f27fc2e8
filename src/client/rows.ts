/** The rows of one table by key. In: the rows before, a frame. Out: a new map; the one before stays as it is. */
import type { DeltaOf, RowOf, TableTopic } from '../protocol/frames.js';

export type Rows<T extends TableTopic> = ReadonlyMap<string, RowOf<T>>;

export function byKey<T extends TableTopic>(rows: readonly RowOf<T>[]): Rows<T> {
  return new Map(rows.map((row) => [row.key, row]));
}

/** The same map when nothing changed, so that nothing redraws. */
export function withDelta<T extends TableTopic>(
  before: Rows<T>,
  { set, del }: Pick<DeltaOf<T>, 'set' | 'del'>,
): Rows<T> {
  if (set.length === 0 && del.length === 0) return before;
  const rows = new Map(before);
  for (const key of del) rows.delete(key);
  for (const row of set) rows.set(row.key, row);
  return rows;
}
