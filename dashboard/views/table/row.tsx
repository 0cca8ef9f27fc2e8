/** One row of a live table. It is drawn anew only when its own object, place or columns changed. */
import { Component, type ComponentChildren, createRef } from 'preact';
import type { Keyed } from '../../../src/view/order.js';
import { type Column, classOf, type Opening } from './column.js';
import { drawInTurn, leaveRows } from './row-turns.js';

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

interface Cell {
  /** Of the row. */
  key: string;
  shows: string | number | null | undefined;
  node: ComponentChildren;
}

/** A place in the table; which row stands there may change. */
export class Row<R extends Keyed> extends Component<RowProps<R>> {
  private readonly element = createRef<HTMLTableRowElement>();
  /** By column: what each cell showed, and its node, which is used again as long as it shows the same. */
  private cells = new Map<Column<R>, Cell>();

  /** New values, and the row that a new rank brings here, have their turn; what the user changed is drawn at once. */
  override shouldComponentUpdate(next: RowProps<R>): boolean {
    const { row, columns, gone, current, tabStop } = this.props;
    const isOther =
      next.columns !== columns || next.gone !== gone || next.current !== current || next.tabStop !== tabStop;
    if (isOther) leaveRows(this);
    else if (next.row !== row) drawInTurn(this);
    return isOther;
  }

  /** A focused row that is no longer drawn leaves the focus to the table. */
  override componentWillUnmount(): void {
    leaveRows(this);
    const row = this.element.current;
    if (row?.contains(document.activeElement))
      row.closest<HTMLElement>('.scroll')?.focus({ preventScroll: true });
  }

  /** The last node of this column, where it would show the same: then nothing below it is compared. */
  private kept(column: Column<R>, row: R, make: () => ComponentChildren): ComponentChildren {
    const known = this.cells.get(column);
    const shows = column.shows?.(row);
    const isSame = known?.key === row.key && shows !== undefined && known.shows === shows;
    if (isSame) return known.node;
    const node = make();
    this.cells.set(column, { key: row.key, shows, node });
    return node;
  }

  private name(column: Column<R>, row: R): ComponentChildren {
    return this.kept(column, row, () => column.cell(row));
  }

  private cell(column: Column<R>, row: R): ComponentChildren {
    return this.kept(column, row, () => (
      <td key={column.id} class={classOf(column)}>
        {column.cell(row)}
      </td>
    ));
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
              {first && this.name(first, row)}
            </a>
          ) : (
            first && this.name(first, row)
          )}
        </th>
        {others.map((column) => this.cell(column, row))}
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
