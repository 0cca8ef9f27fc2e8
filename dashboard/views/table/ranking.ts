/**
 * The order of a live table's rows from one drawing to the next. In: columns, rows, the sort, whether the order is held.
 * Out: the ranking to draw (rules: src/view/order).
 */
import { useMemo, useRef } from 'preact/hooks';
import {
  comparator,
  type Keyed,
  type Ranking,
  rerank,
  type Sort,
  unranked,
  type Value,
} from '../../../src/view/order.js';
import { now } from '../../state/model.js';
import type { Column } from './column.js';

export interface RankingProps<R extends Keyed> {
  columns: readonly Column<R>[];
  rows: ReadonlyMap<string, R>;
  /** The order: by a column, or where no column says it, by `compare`. */
  sort?: Sort;
  compare?: (a: R, b: R) => number;
  /** Columns that settle ties, largest first. */
  ties?: readonly ((row: R) => Value)[];
  /** Changes when the rows mean something else (filter, group): then order at once. */
  arrangement?: string;
}

const NO_TIES: readonly never[] = [];

export function useRanking<R extends Keyed>(props: RankingProps<R>, held: boolean): Ranking<R> {
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
