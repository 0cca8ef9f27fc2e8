/**
 * A live trace: the newest events of one process, bounded, with everything counted that is not shown. In: events frames.
 * Out: the next Trace. Pure.
 */
import type { EventsFrame } from '../../src/protocol/frames.js';
import type { ConnectionEvent } from '../../src/protocol/rows.js';

/** Lines kept: enough to scroll through, not a log. */
export const MOST_LINES = 150;
/** Of one frame; the service counts the rest as dropped. */
export const MOST_PER_FRAME = 50;

export interface Line {
  /** Counts up, so that a line stays the same line. */
  number: number;
  event: ConnectionEvent;
}

export interface Trace {
  /** Newest first. */
  lines: readonly Line[];
  /** Events since the trace began, dropped ones included. */
  seen: number;
  /** Too many at once: never shown. */
  dropped: number;
}

export const NO_TRACE: Trace = { lines: [], seen: 0, dropped: 0 };

export function take(trace: Trace, { events, dropped }: EventsFrame): Trace {
  if (events.length === 0 && dropped === 0) return trace;
  const first = trace.seen + dropped;
  const fresh = events.map((event, at) => ({ number: first + at, event })).reverse();
  return {
    lines: [...fresh, ...trace.lines].slice(0, MOST_LINES),
    seen: first + events.length,
    dropped: trace.dropped + dropped,
  };
}
