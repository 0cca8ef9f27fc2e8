/**
 * From the history's columns to what the two charts draw: ports held, stacked by who holds them under the limit, with a projection;
 * what asks for a port per second, opened or failed, with what the ports can stand. In: a history body, its budget's row. Out: aligned columns
 * in Unix seconds. Pure.
 */

import { outlook } from '../../src/forecast/outlook.js';
import type { Column, HistoryBody } from '../../src/protocol/history.js';
import type { BudgetRow } from '../../src/protocol/rows.js';
import { bandsOf, sum, total } from './bands.js';
import { type Course, courseColumn, courseEnd } from './course.js';
import { newestOf } from './span.js';

/** One curve. */
export interface Curve {
  id: string;
  label: string;
  shape: 'area' | 'bars' | 'line' | 'dashes';
  /** The style sheet's colour for it is `--c-TINT`. */
  tint: string;
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

/** As far ahead as the projection is drawn, seconds. */
const AHEAD = 300;

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
  return { time: newestOf(body) + ahead, ports, from: held };
}

/** Ports that no new connection can have at that second: held in any state, or blocked. */
export function heldAt(body: HistoryBody, at: number): number | null {
  const timeWait = body.timeWait[at] ?? null;
  if (timeWait === null) return null;
  return timeWait + (body.established[at] ?? 0) + (body.other[at] ?? 0) + (body.blocked[at] ?? 0);
}

/**
 * Top of the stack first, so that each lower one is drawn over it; then the limit and the projection, and what was forecast when a change was
 * copied.
 */
export function portsChart(body: HistoryBody, ahead: Projection | null, kept: Course | null = null): Chart {
  const beyond = timesBeyond(body, ahead, kept);
  const padded = (column: Column, value: number | null = null): Column => [
    ...column,
    ...beyond.map(() => value),
  ];
  const areas = stacked(bandsOf(body), 'area').map((curve) => ({
    ...curve,
    column: padded(curve.column),
    value: padded(curve.value),
  }));
  const curves: Curve[] = [...areas, line('limit', padded(body.limit, body.limit.at(-1) ?? null))];
  if (ahead !== null) curves.push(dashes('projection', 'projection', dashesOf(body, ahead, beyond)));
  const times = [...timesOf(body), ...beyond];
  if (kept !== null) curves.push(dashes('forecast-kept', 'forecast', courseColumn(kept, times)));
  return { times, newest: body.seconds - 1, curves };
}

/** Where lines go on after the newest second: a straight one needs its end alone. */
function timesBeyond(body: HistoryBody, ahead: Projection | null, kept: Course | null): number[] {
  const newest = newestOf(body);
  const known = Math.max(0, Math.round((kept === null ? newest : courseEnd(kept)) - newest));
  const each = Array.from({ length: known }, (_, i) => newest + 1 + i);
  return ahead === null || each.includes(ahead.time) ? each : [...each, ahead.time].sort((a, b) => a - b);
}

type Part = Pick<Curve, 'id' | 'label' | 'tint' | 'column'>;

/** @param parts from bottom to top */
function stacked(parts: readonly Part[], shape: Curve['shape']): Curve[] {
  const curves = parts.map((part, i) => ({
    ...part,
    shape,
    column: sum(parts.slice(0, i + 1).map(({ column }) => column)),
    value: part.column,
  }));
  return curves.reverse();
}

const line = (id: string, column: Column): Curve => ({
  id,
  label: id,
  shape: 'line',
  tint: id,
  column,
  value: column,
});

const dashes = (id: string, label: string, column: Column): Curve => ({
  ...line(id, column),
  label,
  shape: 'dashes',
});

function dashesOf(body: HistoryBody, { time, from, ports }: Projection, beyond: readonly number[]): Column {
  const newest = newestOf(body);
  const at = (then: number) =>
    then > time ? null : from + ((ports - from) * (then - newest)) / (time - newest);
  return [...Array<null>(body.seconds - 1).fill(null), from, ...beyond.map(at)];
}

/** Failures that have a colour of their own. */
const FAILURE_TINTS = 4;
/** What the ports can stand is drawn unless it would press all bars down to less than this share of the chart. */
const LEAST_SHARE = 0.2;

/** Opens, above them failures by errno, the most frequent lowest: together all that asks for a port. */
export function ratesChart(body: HistoryBody, sustainable: number | null): Chart {
  const failures = Object.entries(body.failuresPerSec).sort(([, a], [, b]) => total(b) - total(a));
  const parts: Part[] = [
    { id: 'opens', label: 'opens', tint: 'opens', column: body.opensPerSec },
    ...failures.map(([errno, column], i) => ({
      id: errno,
      label: errno,
      tint: `failure-${i % FAILURE_TINTS}`,
      column,
    })),
  ];
  const curves = stacked(parts, 'bars');
  if (sustainable !== null) curves.push(standing(curves[0], sustainable));
  return { times: timesOf(body), newest: body.seconds - 1, curves };
}

function standing(top: Curve | undefined, rate: number): Curve {
  const column = top?.column ?? [];
  const most = column.reduce<number>((all, value) => Math.max(all, value ?? 0), 0);
  const isNear = most >= rate * LEAST_SHARE;
  const value = column.map(() => rate);
  return { ...dashes('sustainable', 'sustainable', isNear ? value : column.map(() => null)), value };
}
