/**
 * A live table: sortable columns, rows that keep their place. Enters: columns, rows by key, the sort. Leaves: a real
 * <table> that draws only the rows in sight. Called by every view that shows rows.
 */
import { Component, type ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { now } from '../model.js';
import { comparator, type Keyed, type Ranking, rerank, type Sort, unranked, type Value } from '../order.js';
import { ROW_PX, slice } from '../window.js';
import { Heading } from './heading.js';
import { type Opening, Row } from './row.js';
import { type Measures, Scroll } from './scroll.js';

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

export interface TableProps<R extends Keyed> {
  caption: string;
  /** Id of the heading that names the table's region. */
  labelledBy: string;
  columns: readonly Column<R>[];
  rows: ReadonlyMap<string, R>;
  /** The order: by a column, or where no column says it, by `compare`. */
  sort?: Sort;
  compare?: (a: R, b: R) => number;
  /** Absent: the order is not for the user to choose. */
  onSort?: (sort: Sort) => void;
  /** Columns that settle ties, largest first. */
  ties?: readonly ((row: R) => Value)[];
  /** Changes when the rows mean something else (filter, group): then order at once. */
  arrangement?: string;
  className?: string;
  /** What a full bar stands for, in the unit of the bars. */
  full?: number;
  /** Rows can be opened; `current` is the key of the one that is. */
  opening?: Opening;
  current?: string | null;
  /** The order stands still, whatever the pointer does. */
  frozen?: boolean;
  /** What stands below the rows. */
  children?: ComponentChildren;
}

const NO_TIES: readonly never[] = [];

export function DataTable<R extends Keyed>(props: TableProps<R>) {
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState<string | null>(null);
  const held = hovered || focused !== null || props.current != null || props.frozen === true;
  const ranking = useRanking(props, held);
  const table = useRef<HTMLTableElement>(null);
  useLayoutEffect(() => {
    table.current?.closest('.panel')?.classList.toggle('held', held);
  }, [held]);
  const style = { '--row': `${ROW_PX}px`, '--full': String(props.full ?? 1) };
  return (
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
              focused={focused}
              onHover={setHovered}
              onFocus={setFocused}
            />
          </table>
          {props.children}
        </>
      )}
    </Scroll>
  );
}

interface HeadProps<R extends Keyed> extends Pick<TableProps<R>, 'columns'> {
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
            <col key={column.id} class={`c-${column.id.replace('.', '-')}`} />
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

interface BodyProps<R extends Keyed> extends Pick<TableProps<R>, 'columns' | 'opening' | 'current'> {
  ranking: Ranking<R>;
  measures: Measures;
  focused: string | null;
  onHover: (hovered: boolean) => void;
  /** Key of the row that has the focus. */
  onFocus: (key: string | null) => void;
}

/** The rows in sight, between spacers as high as the rows that are not. */
function Body<R extends Keyed>(props: BodyProps<R>) {
  const { ranking, columns, measures, opening, current, focused, onHover, onFocus } = props;
  const { rows, gone } = ranking;
  // A finger that scrolls is no pointer that rests.
  const hold = (event: PointerEvent) => event.pointerType === 'mouse' && onHover(true);
  const { first, end } = slice(rows.length, measures.top, measures.height);
  const drawn = rows.slice(first, end);
  const tabStop = (drawn.find(({ key }) => key === (focused ?? current)) ?? drawn[0])?.key;
  return (
    <>
      <Spacer rows={first} columns={columns.length} />
      <tbody
        onPointerEnter={hold}
        onPointerLeave={() => onHover(false)}
        onFocusIn={({ target }) => onFocus((target as HTMLElement).dataset.key ?? null)}
        onFocusOut={() => onFocus(null)}
      >
        {drawn.map((row, at) => (
          // By place: a new rank changes texts where they stand instead of moving and making rows. While a row has the
          // focus no rank changes, so the focus stays with its row.
          <Row
            key={first + at}
            row={row}
            columns={columns}
            gone={gone.has(row.key)}
            index={first + at + 2}
            opening={opening}
            current={row.key === current}
            tabStop={row.key === tabStop}
          />
        ))}
      </tbody>
      <Spacer rows={rows.length - end} columns={columns.length} />
    </>
  );
}

function Spacer({ rows, columns }: { rows: number; columns: number }) {
  if (rows === 0) return null;
  return (
    <tbody aria-hidden="true">
      <tr>
        <td colSpan={columns} style={{ height: `${rows * ROW_PX}px` }} />
      </tr>
    </tbody>
  );
}

function useRanking<R extends Keyed>(props: TableProps<R>, held: boolean): Ranking<R> {
  const { columns, sort, compare, ties = NO_TIES, arrangement = '', rows } = props;
  const last = useRef({ ranking: unranked<R>(), arrangement: '' });
  const by = useMemo(() => {
    const chosen = columns.find((column) => column.id === sort?.column) ?? columns[0];
    const first = chosen ? [{ of: chosen.value, descending: sort?.descending ?? false }] : [];
    return compare ?? comparator<R>([...first, ...ties.map((of) => ({ of, descending: true }))]);
  }, [columns, sort, compare, ties]);
  const wanted = `${arrangement}|${sort?.column}|${sort?.descending}`;
  const moment = { now: now.value, held, forced: wanted !== last.current.arrangement };
  last.current = { ranking: rerank(last.current.ranking, rows, by, moment), arrangement: wanted };
  return last.current.ranking;
}
