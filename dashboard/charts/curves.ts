/**
 * From the history's columns to what the two charts draw: ports held, stacked by state under the limit, with a projection;
 * opens and failures per second. In: a history body, its budget's row. Out: aligned columns in Unix seconds. Pure.
 */

import { outlook } from '../../src/forecast/outlook.js';
import type { Column, HistoryBody } from '../../src/protocol/history.js';
import { HISTORY_SECONDS } from '../../src/protocol/names.js';
import type { BudgetRow } from '../../src/protocol/rows.js';

/** One curve. */
export interface Curve {
  id: string;
  label: string;
  shape: 'area' | 'line' | 'dashes';
  /** The style sheet's colour for it is `--c-TINT`. */
  tint: string;
  /** Dashes distinguish failures by errno too; the first line has none. */
  dash: number;
  /** The values that are drawn. */
  column: Column;
  /** The values that are written: of a stacked curve its own part, not the sum. */
  value: Column;
}

export interface Chart {
  /** Unix seconds, rising. */
  times: number[];
  /** Where in them the newest second is: beyond it there is only the projection. */
  newest: number;
  curves: Curve[];
}

/** From bottom to top: ports in use, then those that TIME_WAIT holds, then those that bind() took. */
const STATES = [
  { id: 'established', label: 'estab.' },
  { id: 'other', label: 'other' },
  { id: 'timeWait', label: 'TIME_WAIT' },
  { id: 'blocked', label: 'blocked' },
] as const;

/** As far ahead as the projection is drawn, seconds. */
const AHEAD = 300;
/** The least time that a live chart shows, seconds. */
const LEAST = 120;

const timesOf = ({ from, seconds }: HistoryBody) =>
  Array.from({ length: seconds }, (_, i) => from / 1000 + i);

/** Where the held ports are going: a point in the future; null: they do not run out. */
export interface Projection {
  time: number;
  ports: number;
  /** Ports held now, blocked ones among them. */
  from: number;
}

export function projected(body: HistoryBody, row: BudgetRow | undefined): Projection | null {
  if (row === undefined || row.limit === null) return null;
  const next = outlook(row);
  const held = heldAt(body, body.seconds - 1);
  if (next.state !== 'running-out' || held === null || next.seconds <= 0) return null;
  const ahead = Math.min(next.seconds, AHEAD);
  const ports = held + (Math.max(row.limit, held) - held) * (ahead / next.seconds);
  return { time: body.from / 1000 + body.seconds - 1 + ahead, ports, from: held };
}

/** Ports that no new connection can have at that second: held in any state, or blocked. */
export function heldAt(body: HistoryBody, at: number): number | null {
  const timeWait = body.timeWait[at] ?? null;
  if (timeWait === null) return null;
  return timeWait + (body.established[at] ?? 0) + (body.other[at] ?? 0) + (body.blocked[at] ?? 0);
}

/** Top of the stack first, so that each lower one is drawn over it; then the limit and the projection. */
export function portsChart(body: HistoryBody, ahead: Projection | null): Chart {
  const beyond = ahead === null ? 0 : 1;
  const padded = (column: Column, last: number | null = null): Column =>
    beyond === 0 ? column : [...column, last];
  const stacked = STATES.map(({ id, label }, i) => {
    const parts = STATES.slice(0, i + 1).map((state) => body[state.id]);
    const drawn = { column: padded(sum(parts)), value: padded(body[id]) };
    return { id, label, shape: 'area' as const, tint: id, dash: 0, ...drawn };
  });
  const limit = padded(body.limit, body.limit.at(-1) ?? null);
  const curves: Curve[] = [...stacked.reverse(), line('limit', limit)];
  if (ahead !== null) curves.push({ ...line('projection', dashes(body, ahead)), shape: 'dashes' });
  const times = [...timesOf(body), ...(ahead === null ? [] : [ahead.time])];
  return { times, newest: body.seconds - 1, curves };
}

const line = (id: string, column: Column, tint = id, dash = 0): Curve => ({
  id,
  label: id,
  shape: 'line',
  tint,
  dash,
  column,
  value: column,
});

function dashes(body: HistoryBody, { from, ports }: Projection): Column {
  return [...Array<null>(body.seconds - 1).fill(null), from, ports];
}

/** Seconds in which nothing is known stay gaps; a part that is unknown adds nothing. */
function sum(parts: readonly Column[]): Column {
  const [first = []] = parts;
  return first.map((_, at) =>
    parts.every((part) => part[at] == null) ? null : parts.reduce((all, part) => all + (part[at] ?? 0), 0),
  );
}

/** Failures that have a colour of their own. */
const FAILURE_TINTS = 4;

/** Opens, then failures by errno, the most frequent first. */
export function ratesChart(body: HistoryBody): Chart {
  const total = (column: Column) => column.reduce<number>((all, value) => all + (value ?? 0), 0);
  const failures = Object.entries(body.failuresPerSec).sort(([, a], [, b]) => total(b) - total(a));
  const curves = [
    line('opens', body.opensPerSec),
    ...failures.map(([errno, column], i) => line(errno, column, `failure-${i % FAILURE_TINTS}`, i)),
  ];
  return { times: timesOf(body), newest: body.seconds - 1, curves };
}

/** From and to, Unix seconds. */
export type Span = readonly [number, number];

/** The span of a live chart: everything known, but at least two minutes, at most fifteen, and the projection. */
export function liveSpan(body: HistoryBody, ahead: Projection | null): Span {
  const end = body.from / 1000 + body.seconds - 1;
  const first = body.timeWait.findIndex((value) => value !== null);
  const known = first === -1 ? 0 : body.seconds - 1 - first;
  const length = Math.min(HISTORY_SECONDS, Math.max(LEAST, known));
  return [end - length, ahead?.time ?? end];
}

/** A span worth zooming into; anything shorter was a click. */
export function zoomed([from, to]: Span): Span | null {
  return to - from < 2 ? null : [from, to];
}
