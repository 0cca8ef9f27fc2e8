/**
 * What was changed while an incident went on, and whether it worked: settings of its namespace, and a culprit that was started again.
 * In: rows of two seconds. Out: changes. Pure.
 */
import type { Change, Culprit, TotalsRow } from '../../protocol/rows.js';
import type { Actor } from '../types.js';
import { tenths } from '../words.js';

/** Without a failure and without a threat for this long it worked, ms. */
const WORKED_MS = 5000;
/** It did not when it failed on for this long, ms. */
const GIVEN_UP_MS = 30_000;
/** Kept of each incident; the oldest go. */
export const MOST_CHANGES = 20;

/** By name, as rows say them. */
export const SETTINGS: readonly [string, (row: TotalsRow) => string | null][] = [
  ['ip_local_port_range', ({ portRange }) => portRange?.join(' ') ?? null],
  ['reserved ports', ({ reservedPorts }) => text(reservedPorts)],
  ['tcp_tw_reuse', ({ tcpTwReuse }) => text(tcpTwReuse)],
  ['tcp_timestamps', ({ tcpTimestamps }) => text(tcpTimestamps)],
  ['tcp_fin_timeout', ({ tcpFinTimeout }) => text(tcpFinTimeout)],
  ['tcp_max_tw_buckets', ({ tcpMaxTwBuckets }) => text(tcpMaxTwBuckets)],
];

const text = (value: number | null) => (value === null ? null : String(value));

/** `tcp_tw_reuse 2 → 1`, for each setting that differs; what is not known differs from nothing. */
export function changedSettings(before: TotalsRow, now: TotalsRow): string[] {
  return SETTINGS.flatMap(([name, of]) => {
    const [was, is] = [of(before), of(now)];
    return was === null || is === null || was === is ? [] : [`${name} ${was} → ${is}`];
  });
}

/** @param actors of its namespace, of its name at least. @returns a culprit's successor, of the same name and a later start; null: there is none */
export function restarted(culprit: Culprit, actors: readonly Actor[]): Actor | null {
  const { pid, name, startTime } = culprit.process;
  if (pid === null || name === null || startTime === null) return null;
  const isLater = (actor: Actor) =>
    actor.process.name === name &&
    actor.process.pid !== null &&
    actor.process.pid !== pid &&
    (actor.process.startTime ?? 0) > startTime;
  return actors.find(isLater) ?? null;
}

export interface Course {
  readonly time: number;
  readonly failPerSec: number;
  /** Unix ms; null: nothing has failed. */
  readonly lastFailure: number | null;
  /** Last moment at which ports were out or about to be; null: never. */
  readonly lastThreat: number | null;
}

export function begun(what: string, { time, failPerSec }: Course): Change {
  return {
    time: Math.round(time),
    text: what,
    failPerSecBefore: tenths(failPerSec),
    failPerSecAfter: null,
    afterSeconds: null,
    worked: null,
  };
}

/** The change with its effect, as far as that is known by now. */
export function judged(change: Change, course: Course): Change {
  if (change.worked !== null) return change;
  const quietSince = Math.max(change.time, course.lastFailure ?? 0, course.lastThreat ?? 0);
  if (course.time - quietSince >= WORKED_MS) {
    const afterSeconds = tenths(Math.max(0, (course.lastFailure ?? 0) - change.time) / 1000);
    return { ...change, failPerSecAfter: 0, afterSeconds, worked: true };
  }
  if (course.time - change.time < GIVEN_UP_MS) return change;
  return { ...change, failPerSecAfter: tenths(course.failPerSec), worked: false };
}
