/**
 * A live table: sortable columns, rows that keep their place. Enters: columns, rows by key, the sort. Leaves: a real
 * <table> that draws only the rows in sight. Called by every view that shows rows.
 */
import type { ComponentChildren } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import { now } from '../model.js';
import { comparator, type Keyed, type Ranking, rerank, type Sort, unranked, type Value } from '../order.js';
import { ROW_PX, slice } from '../window.js';
import { Heading } from './heading.js';
import { Row } from './row.js';
import { type Measures, Scroll } from './scroll.js';

export interface Column<R> {
  /** Also the field the service sorts by. */
  id: string;
  label: string;
  title: string;
  numeric: boolean;
  value(row: R): Value;
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
  /** What stands below the rows. */
  children?: ComponentChildren;
}

const NO_TIES: readonly never[] = [];

export function DataTable<R extends Keyed>(props: TableProps<R>) {
  const [held, setHeld] = useState(false);
  const ranking = useRanking(props, held);
  const style = { '--row': `${ROW_PX}px`, '--full': String(props.full ?? 1) };
  return (
    <Scroll labelledBy={props.labelledBy}>
      {(measures) => (
        <>
          <table
            class={`${props.className ?? ''} ${held ? 'held' : ''}`}
            style={style}
            aria-rowcount={ranking.rows.length + 1}
          >
            <caption class="sr-only">{props.caption}</caption>
            <Head {...props} />
            <Body ranking={ranking} columns={props.columns} measures={measures} onHold={setHeld} />
          </table>
          {props.children}
        </>
      )}
    </Scroll>
  );
}

function Head<R extends Keyed>({ columns, sort, onSort }: TableProps<R>) {
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

interface BodyProps<R extends Keyed> {
  ranking: Ranking<R>;
  columns: readonly Column<R>[];
  measures: Measures;
  onHold: (held: boolean) => void;
}

/** The rows in sight, between spacers as high as the rows that are not. */
function Body<R extends Keyed>({ ranking: { rows, gone }, columns, measures, onHold }: BodyProps<R>) {
  // A finger that scrolls is no pointer that rests.
  const hold = (event: PointerEvent) => event.pointerType === 'mouse' && onHold(true);
  const { first, end } = slice(rows.length, measures.top, measures.height);
  return (
    <>
      <Spacer rows={first} columns={columns.length} />
      <tbody onPointerEnter={hold} onPointerLeave={() => onHold(false)}>
        {rows.slice(first, end).map((row, at) => (
          <Row key={row.key} row={row} columns={columns} gone={gone.has(row.key)} index={first + at + 2} />
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
