/** One row of a live table. Redraws only when its own object, place or columns changed. Called by table. */
import { Component } from 'preact';
import type { Keyed } from '../order.js';
import type { Column } from './table.js';

interface RowProps<R> {
  row: R;
  columns: readonly Column<R>[];
  gone: boolean;
  /** Place in the whole table, 1-based, the heading being 1: most rows are not in the document. */
  index: number;
}

export class Row<R extends Keyed> extends Component<RowProps<R>> {
  override shouldComponentUpdate(next: RowProps<R>): boolean {
    return (
      next.row !== this.props.row || next.columns !== this.props.columns || next.gone !== this.props.gone
    );
  }

  override render({ row, columns, gone, index }: RowProps<R>) {
    return (
      <tr class={gone ? 'gone' : undefined} aria-rowindex={index}>
        {columns.map((column, at) =>
          at === 0 ? (
            <th key={column.id} scope="row">
              {column.cell(row)}
            </th>
          ) : (
            <td key={column.id} class={column.numeric ? 'number' : 'text'}>
              {column.cell(row)}
            </td>
          ),
        )}
      </tr>
    );
  }
}
