/**
 * A live table: sortable columns, rows that keep their place. In: columns, rows by key, the sort. Out: a real <table> that
 * draws only the visible rows.
 */
import { Component, type ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Keyed, Sort } from '../../../src/view/order.js';
import { Body } from './body.js';
import type { Column, Opening } from './column.js';
import { Heading } from './heading.js';
import { type RankingProps, useRanking } from './ranking.js';
import { SaveCsv } from './save.js';
import { Scroll } from './scroll.js';
import { ROW_PX } from './window.js';

export interface TableProps<R extends Keyed> extends RankingProps<R> {
  caption: string;
  /** Id of the heading that names the table's region. */
  labelledBy: string;
  /** Absent: the order is not for the user to choose. */
  onSort?: (sort: Sort) => void;
  className?: string;
  /** Height of a row: larger where each says two lines. */
  rowPx?: number;
  /** The columns of the file, where that has more than is drawn. */
  saved?: readonly Column<R>[];
  /** Rows can be opened; `current` is the key of the one that is. */
  opening?: Opening;
  current?: string | null;
  /** The order stands still, whatever the pointer does. */
  frozen?: boolean;
  /** What stands below the rows. */
  children?: ComponentChildren;
}

export function DataTable<R extends Keyed>(props: TableProps<R>) {
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);
  const held = hovered || focused !== null || props.current != null || props.frozen === true;
  const ranking = useRanking(props, held);
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    table.current?.closest('.panel')?.classList.toggle('held', held);
  }, [held]);
  const { rowPx = ROW_PX } = props;
  const style = { '--row': `${rowPx}px` };
  return (
    <>
      {ranking.rows.length === 0 ? null : (
        <SaveCsv caption={props.caption} columns={props.saved ?? props.columns} rows={ranking.rows} />
      )}
      <Scroll labelledBy={props.labelledBy}>
        {(measures) => (
          <>
            <table ref={table} class={props.className} style={style} aria-rowcount={ranking.rows.length + 1}>
              <caption class="sr-only">{props.caption}</caption>
              <Head columns={props.columns} sort={props.sort} onSort={props.onSort} />
              <Body
                {...props}
                ranking={ranking}
                measures={measures}
                rowPx={rowPx}
                focused={focused}
                onHover={setHovered}
                onFocus={setFocused}
              />
            </table>
            {props.children}
          </>
        )}
      </Scroll>
    </>
  );
}

interface HeadProps<R extends Keyed> {
  columns: readonly Column<R>[];
  sort: Sort | undefined;
  onSort: ((sort: Sort) => void) | undefined;
}

/** Stays as it is while values change. */
class Head<R extends Keyed> extends Component<HeadProps<R>> {
  override shouldComponentUpdate({ columns, sort, onSort }: HeadProps<R>): boolean {
    const { props } = this;
    return columns !== props.columns || sort !== props.sort || onSort !== props.onSort;
  }

  override render({ columns, sort, onSort }: HeadProps<R>) {
    return (
      <>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} class={`c-${column.id.replace('.', '-')}${column.roomy ? ' roomy' : ''}`} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
      </>
    );
  }
}
