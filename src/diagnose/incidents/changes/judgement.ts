/**
 * Whether a change made while an incident went on has worked: by what failed before it and after it, and by who still tries. In: a change, how
 * the trouble went. Out: the change with its effect. Pure.
 */
import { TOGETHER_MS } from '../../../protocol/names.js';
import type { Change, ChangeKind, IncidentKind, ProcessInfo } from '../../../protocol/rows.js';
import { tenths, who } from '../../words.js';
import { effectOn, SETTING } from './settings.js';

/** Without a failure and without a threat for this long it worked, ms. */
export const WORKED_MS = 5000;
/** It did not when it failed on for this long, ms. */
const GIVEN_UP_MS = 30_000;
/** Kept of each incident; the oldest go. */
export const MOST_CHANGES = 20;

export interface Course {
  readonly time: number;
  readonly failPerSec: number;
  /** Unix ms; null: nothing has failed. */
  readonly lastFailure: number | null;
  /** Last moment at which ports were out or about to be; null: never. */
  readonly lastThreat: number | null;
}

/** What the trouble was like when the first of the changes came that are not judged yet. */
export interface Scale {
  /** Null: not known. */
  readonly sustainablePerSec: number | null;
  /** Most ports were in FIN_WAIT2. */
  readonly waitsForPeer: boolean;
  /** Ports were out or about to be; left out: not known. */
  readonly isThreatened?: boolean;
}

/** What one change is judged by. */
export interface Case {
  /** When the incident began. */
  readonly since: number;
  readonly kind: IncidentKind;
  readonly scale: Scale;
  /** As many connections are tried as could not be had before. */
  readonly goesOn: boolean;
  /** Since when this run of the service watches: what failed before is known up to an earlier run's end alone, Unix ms. */
  readonly watchedFrom: number;
}

/** A rate of ten seconds is of the time after a change when that is this long ago, ms. */
const MEASURED_MS = 10_000;

/** Another change comes: what fails from now on is not this one's. */
export function superseded(change: Change, { time, failPerSec, lastFailure }: Course): Change {
  const isRecent = time - change.time <= TOGETHER_MS;
  if (change.worked !== null || isRecent || time - (lastFailure ?? 0) > TOGETHER_MS) return change;
  return unhelpful(change, time - change.time >= MEASURED_MS ? failPerSec : null);
}

/** What is set back has no credit any more. @param text of the change that comes */
export function undone(change: Change, text: string): Change {
  const [, name, was, is] = SETTING.exec(change.text) ?? [];
  return name !== undefined && text === `${name} ${is} → ${was}` && change.worked !== false
    ? { ...unhelpful(change, null), afterSeconds: null }
    : change;
}

export function begun(kind: ChangeKind, what: string, { time, failPerSec }: Course): Change {
  return {
    kind,
    time: Math.round(time),
    text: what,
    failPerSecBefore: tenths(failPerSec),
    failPerSecAfter: null,
    afterSeconds: null,
    worked: null,
  };
}

/** The change with its effect, as far as that is known by now. */
export function judged(change: Change, course: Course, its: Case): Change {
  if (change.worked !== null) return change;
  const failed = unhelpful(change, course.failPerSec);
  if (change.time < its.since) return course.failPerSec > 0 ? failed : change;
  const quietSince = Math.max(change.time, its.watchedFrom, course.lastFailure ?? 0, course.lastThreat ?? 0);
  if (course.time - quietSince < WORKED_MS) return course.time - change.time < GIVEN_UP_MS ? change : failed;
  if (!canHelp(change, its) || !wasTroubled(change, course, its.scale)) return unhelpful(change, 0);
  if (!its.goesOn && change.kind === 'setting') return unhelpful(change, null);
  return {
    ...change,
    failPerSecAfter: 0,
    afterSeconds: secondsUntilQuiet(change, course, its),
    worked: true,
  };
}

/** Null: it may have failed on after the service had ended, and before it was started again. */
function secondsUntilQuiet({ time }: Change, { lastFailure }: Course, { watchedFrom }: Case): number | null {
  if (time < watchedFrom && (lastFailure ?? 0) < watchedFrom) return null;
  return tenths(Math.max(0, (lastFailure ?? 0) - time) / 1000);
}

/** tcp_fin_timeout is about FIN_WAIT2 alone: TIME_WAIT lasts 60 s whatever is set. */
function canHelp({ text: what }: Change, { kind, scale }: Case): boolean {
  return effectOn(kind, what) === 'helps' && (scale.waitsForPeer || !what.startsWith('tcp_fin_timeout '));
}

/** Why calls fail no more, where no change is why. @param gone who was in it and has ended; null: nobody that is known */
export function ended(
  gone: { readonly process: ProcessInfo; readonly program: string | null } | null,
  failPerSecBefore: number,
  { lastFailure, time }: Course,
): Change {
  return {
    kind: 'end',
    time: Math.round(lastFailure ?? time),
    text: gone === null ? 'Fewer connections are tried' : `${who(gone.process, gone.program)} ended`,
    failPerSecBefore: tenths(failPerSecBefore),
    failPerSecAfter: 0,
    afterSeconds: null,
    worked: false,
  };
}

/**
 * Something was to be mended when it came, and nothing else had ended that: calls failed, or ports were about to run out, where none has ever
 * failed or, since ports come back in waves, none just then.
 */
function wasTroubled(
  { time, failPerSecBefore }: Change,
  { lastFailure, lastThreat }: Course,
  { isThreatened = false }: Scale,
): boolean {
  const last = Math.max(lastFailure ?? 0, lastThreat ?? 0);
  return (failPerSecBefore > 0 || lastFailure === null || isThreatened) && time - last <= WORKED_MS;
}

/** Of an incident that is over nothing more will be known. */
export const closed = (change: Change): Change => (change.worked === null ? unhelpful(change, null) : change);

/** @param failPerSec null: what it did is not known */
const unhelpful = (change: Change, failPerSec: number | null): Change => ({
  ...change,
  failPerSecAfter: failPerSec === null ? null : tenths(failPerSec),
  worked: false,
});

/** Two courses of one trouble: a change has mended neither while the other goes on. */
export function together(a: Course, b: Course): Course {
  return {
    time: a.time,
    failPerSec: a.failPerSec + b.failPerSec,
    lastFailure: later(a.lastFailure, b.lastFailure),
    lastThreat: later(a.lastThreat, b.lastThreat),
  };
}

function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
