/**
 * What one column of a live table is: the field, its heading, the value that sorts, the cell that is drawn.
 */
import type { ComponentChildren } from 'preact';
import type { Value } from '../../../src/view/order.js';

export interface Column<R> {
  /** Also the field the service sorts by, where it has that. */
  id: string;
  label: string;
  title: string;
  numeric: boolean;
  /** Shown where there is room: another part of the page says it, too. */
  roomy?: boolean;
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

type Parts<R> = [
  id: string,
  label: string,
  title: string,
  value: Column<R>['value'],
  cell: Column<R>['cell'],
];

export function textColumn<R>(...[id, label, title, value, cell]: Parts<R>): Column<R> {
  return { id, label, title, numeric: false, value, cell };
}

export function numberColumn<R>(...parts: Parts<R>): Column<R> {
  return { ...textColumn(...parts), numeric: true };
}

/** Of its heading and its cells. */
export const classOf = <R>({ numeric, roomy }: Column<R>) =>
  `${numeric ? 'number' : 'text'}${roomy ? ' roomy' : ''}`;
