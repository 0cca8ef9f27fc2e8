/** One row of a live table. Redraws only when its own object, place or columns changed. Called by table. */
import { Component, type ComponentChildren, createRef } from 'preact';
import type { Keyed } from '../order.js';
import type { Column } from './table.js';

/** Rows that can be opened. */
export interface Opening {
  /** The address that opens the row with this key. */
  href(key: string): string;
  open(key: string): void;
}

interface RowProps<R> {
  row: R;
  columns: readonly Column<R>[];
  gone: boolean;
  /** Place in the whole table, 1-based, the heading being 1: most rows are not in the document. */
  index: number;
  opening?: Opening | undefined;
  /** Its drawer is open. */
  current: boolean;
  /** The one row that Tab reaches. */
  tabStop: boolean;
}

export class Row<R extends Keyed> extends Component<RowProps<R>> {
  private readonly element = createRef<HTMLTableRowElement>();

  override shouldComponentUpdate(next: RowProps<R>): boolean {
    const { row, columns, gone, current, tabStop } = this.props;
    return (
      next.row !== row ||
      next.columns !== columns ||
      next.gone !== gone ||
      next.current !== current ||
      next.tabStop !== tabStop
    );
  }

  /** A row that scrolls out of sight leaves the focus to the table. */
  override componentWillUnmount(): void {
    const row = this.element.current;
    if (row?.contains(document.activeElement))
      row.closest<HTMLElement>('.scroll')?.focus({ preventScroll: true });
  }

  override render({ row, columns, gone, index, opening, current, tabStop }: RowProps<R>) {
    const [first, ...others] = columns;
    return (
      <tr
        ref={this.element}
        class={gone ? 'gone' : undefined}
        aria-rowindex={index}
        aria-current={current || undefined}
        onClick={opening && ((event) => onClick(event, row.key, opening))}
      >
        <th scope="row">
          {opening ? (
            <a class="open" href={opening.href(row.key)} data-key={row.key} tabIndex={tabStop ? 0 : -1}>
              {first?.cell(row)}
            </a>
          ) : (
            first?.cell(row)
          )}
        </th>
        {others.map((column) => (
          <td key={column.id} class={column.numeric ? 'number' : 'text'}>
            {column.cell(row) as ComponentChildren}
          </td>
        ))}
      </tr>
    );
  }
}

/** Not when a text was just selected, nor when the link shall open elsewhere. */
function onClick(event: MouseEvent, key: string, { open }: Opening): void {
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (elsewhere || document.getSelection()?.type === 'Range') return;
  event.preventDefault();
  open(key);
}
