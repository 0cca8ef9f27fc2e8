/**
 * One row for the members of a group, derived from the row's schema: a new column needs no line here. In: rows. Out: one
 * row. Columns that add up (`x-sums`) are exact sums; the rest is what all members have in common (protocol/parts/common.ts).
 */

import { TABLES, type TableTopic } from '../protocol/frames.js';
import { commonOf } from '../protocol/parts/common.js';
import type { FlowRow } from '../protocol/rows.js';
import { pidsOf } from './pids.js';
import { Sums } from './sums.js';

/** A function from at least one row to a row whose key is that of the group. */
export function mergerOf<Row extends { key: string }>(topic: TableTopic) {
  const common = commonOf<Row>(TABLES[topic], {
    pids: (parts) => pidsOf(parts as unknown as readonly FlowRow[]),
  });
  return (key: string, rows: readonly Row[]): Row => {
    const sums = new Sums(topic);
    for (const row of rows) sums.add(row as never);
    return { ...common(rows), ...sums.values, key } as unknown as Row;
  };
}
