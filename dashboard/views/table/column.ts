/**
 * What one column of a live table is: the field, its heading, the value that sorts, the cell that is drawn. Types only.
 */
import type { ComponentChildren } from 'preact';
import type { Value } from '../../../src/view/order.js';

export interface Column<R> {
  /** Also the field the service sorts by. */
  id: string;
  label: string;
  title: string;
  numeric: boolean;
  /** The service cannot sort by it. */
  unsorted?: boolean;
  value(row: R): Value;
  /** All that the cell shows, as one value: while it stays, the cell is not made anew. Absent: it may show anything. */
  shows?(row: R): string | number | null;
  cell(row: R): ComponentChildren;
}

/** Rows that can be opened. */
export interface Opening {
  /** The address that opens the row with this key. */
  href(key: string): string;
  open(key: string): void;
}
