/** Which time a chart shows: live, zoomed, moved. In: a history body, wishes. Out: spans in Unix seconds. Pure. */
import type { HistoryBody } from '../../src/protocol/history.js';
import { HISTORY_SECONDS } from '../../src/protocol/names.js';

/** From and to, Unix seconds. */
export type Span = readonly [number, number];

/** The least time that a live chart shows, seconds. */
const LEAST = 120;
/** The least that one can zoom into, seconds; a shorter drag was a click. */
const LEAST_ZOOM = 2;

/** The newest second. */
export const newestOf = ({ from, seconds }: Pick<HistoryBody, 'from' | 'seconds'>) =>
  from / 1000 + seconds - 1;

/**
 * The span of a live chart: everything known, but at least two minutes, at most fifteen, and the projection.
 * @param ahead where the projection ends; null: there is none
 */
export function liveSpan(body: HistoryBody, ahead: number | null): Span {
  const end = newestOf(body);
  const first = body.timeWait.findIndex((value) => value !== null);
  const known = first === -1 ? 0 : body.seconds - 1 - first;
  const length = Math.min(HISTORY_SECONDS, Math.max(LEAST, known));
  return [end - length, ahead ?? end];
}

/** A span worth zooming into; null: it was a click. */
export function zoomed([from, to]: Span): Span | null {
  return to - from < LEAST_ZOOM ? null : [from, to];
}

/** Nearer (a factor below 1) or farther around the middle, inside `all`; null: all of it. */
export function scaled([from, to]: Span, factor: number, all: Span): Span | null {
  const half = Math.max(LEAST_ZOOM, (to - from) * factor) / 2;
  return within([(from + to) / 2 - half, (from + to) / 2 + half], all);
}

/** The last share of a span; null: all of it. */
export function newestPart([from, to]: Span, share: number): Span | null {
  return share >= 1 ? null : [to - Math.max(LEAST_ZOOM, (to - from) * share), to];
}

/** Moved by a share of its length, inside `all`. */
export function moved([from, to]: Span, share: number, all: Span): Span | null {
  const by = (to - from) * share;
  return within([from + by, to + by], all);
}

function within([from, to]: Span, [first, last]: Span): Span | null {
  const length = to - from;
  if (length >= last - first) return null;
  const start = Math.min(Math.max(from, first), last - length);
  return [start, start + length];
}
