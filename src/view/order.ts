/**
 * The order in which rows stand. In: a table's rows by key, the sort chosen, the clock. Out: the rows to draw, in order.
 * Pure. A row never jumps under the eye: ranks change at most every 2 s, and while pointer, focus or a selection rests on
 * the table no row moves at all, though its values go on changing.
 */

export const RERANK_MS = 2_000;
/** What has left the table stays greyed in its place for this long, so that nothing jumps under the eye. */
export const GHOST_MS = 5_000;
/** While order is held for hours the departed stay in their places, up to this many rows in all. */
export const MOST_HELD = 3_000;

export interface Keyed {
  key: string;
}

export interface Sort {
  column: string;
  descending: boolean;
}

export type Value = number | string | null;

export interface Ranking<R extends Keyed> {
  rows: readonly R[];
  /** Keys that left the table while the order was held, with the time, ms; drawn greyed in their place for a while, or until it is released. */
  gone: ReadonlyMap<string, number>;
  /** When the order last changed, ms. */
  at: number;
}

export interface Moment {
  now: number;
  /** Pointer, focus or a selection rests on the table, or the user froze the order. */
  held: boolean;
  /** The user asked for another order: obey at once. */
  forced: boolean;
}

const NONE: ReadonlyMap<string, number> = new Map();

export const unranked = <R extends Keyed>(): Ranking<R> => ({
  rows: [],
  gone: NONE,
  at: Number.NEGATIVE_INFINITY,
});

/** Orders by `values` one after the other, each with its direction; unknown is last either way, the key breaks ties. */
export function comparator<R extends Keyed>(
  values: readonly { of(row: R): Value; descending: boolean }[],
): (a: R, b: R) => number {
  return (a, b) => {
    for (const { of, descending } of values) {
      const by = compare(of(a), of(b), descending);
      if (by !== 0) return by;
    }
    return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
  };
}

function compare(a: Value, b: Value, descending: boolean): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  const ascending = a < b ? -1 : 1;
  return descending ? -ascending : ascending;
}

/** The next ranking for `rows`; the same object when nothing would be drawn differently. */
export function rerank<R extends Keyed>(
  previous: Ranking<R>,
  rows: ReadonlyMap<string, R>,
  by: (a: R, b: R) => number,
  { now, held, forced }: Moment,
): Ranking<R> {
  if (held && !forced)
    return same(previous, inPlace(previous, rows, previous.rows.length <= MOST_HELD ? now : null));
  const due = forced || now - previous.at >= RERANK_MS || previous.rows.length === 0;
  if (!due) return same(previous, inPlace(previous, rows, null));
  const sorted = [...rows.values()].sort(by);
  const moved =
    sorted.some((row, at) => row.key !== previous.rows[at]?.key) || sorted.length < previous.rows.length;
  return same(previous, { rows: sorted, gone: NONE, at: moved ? now : previous.at });
}

/** Old order, new values: newcomers at the end, the departed kept for GHOST_MS, or dropped. @param now ms; null: nothing is kept */
function inPlace<R extends Keyed>(
  previous: Ranking<R>,
  rows: ReadonlyMap<string, R>,
  now: number | null,
): Ranking<R> {
  const gone = now === null ? NONE : ghosts(previous, rows, now);
  const next: R[] = [];
  let stayed = 0;
  for (const row of previous.rows) {
    const fresh = rows.get(row.key);
    if (fresh !== undefined) stayed++;
    if (fresh !== undefined || gone.has(row.key)) next.push(fresh ?? row);
  }
  /* Mostly nobody has come. */
  if (stayed < rows.size) {
    const known = new Set(previous.rows.map(({ key }) => key));
    for (const row of rows.values()) if (!known.has(row.key)) next.push(row);
  }
  return { rows: next, gone, at: previous.at };
}

function ghosts<R extends Keyed>(
  { rows: drawn, gone }: Ranking<R>,
  rows: ReadonlyMap<string, R>,
  now: number,
): ReadonlyMap<string, number> {
  const left = drawn.filter(({ key }) => !rows.has(key));
  const since = left.map(({ key }) => [key, gone.get(key) ?? now] as const);
  return new Map(since.filter(([, at]) => now - at < GHOST_MS));
}

function same<R extends Keyed>(previous: Ranking<R>, next: Ranking<R>): Ranking<R> {
  const rows =
    next.rows.length === previous.rows.length && next.rows.every((row, at) => row === previous.rows[at]);
  const gone =
    next.gone.size === previous.gone.size && [...next.gone.keys()].every((key) => previous.gone.has(key));
  return rows && gone ? previous : next;
}
