/** A column's heading: its name, and the button that sorts by it where the user may choose. */
import type { Sort } from '../../../src/view/order.js';
import { type Column, classOf } from './column.js';

interface HeadingProps<R> {
  column: Column<R>;
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}

export function Heading<R>({ column, sort, onSort }: HeadingProps<R>) {
  const active = sort?.column === column.id;
  const direction = sort?.descending ? 'descending' : 'ascending';
  const kind = classOf(column);
  if (!onSort) {
    return (
      <th scope="col" class={kind} title={column.title}>
        {column.label}
      </th>
    );
  }
  // A first click puts the largest numbers on top and names in alphabetical order.
  const next = { column: column.id, descending: active ? !sort?.descending : column.numeric };
  return (
    <th scope="col" class={kind} aria-sort={active ? direction : 'none'}>
      <button type="button" title={column.title} onClick={() => onSort(next)}>
        {column.label}
      </button>
    </th>
  );
}
