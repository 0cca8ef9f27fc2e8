/**
 * Whether a change made while an incident went on has worked: by what failed before it and after it, and by who still tries. In: a change, how
 * the trouble went. Out: the change with its effect. Pure.
 */
import { endText, FEWER_TRIES } from '../../../protocol/failure-words.js';
import type { Change, Culprit, IncidentKind } from '../../../protocol/rows.js';
import type { Actor } from '../../types.js';
import { tenths } from '../../words.js';
import { effectOn, SETTING } from './settings.js';

/** Without a failure and without a threat for this long it worked, ms. */
const WORKED_MS = 5000;
/** It did not when it failed on for this long, ms. */
const GIVEN_UP_MS = 30_000;
/** Kept of each incident; the oldest go. */
export const MOST_CHANGES = 20;

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

/** What the trouble was like when the first of the changes came that are not judged yet. */
export interface Scale {
  /** Null: not known. */
  readonly sustainablePerSec: number | null;
  /** Most ports were in FIN_WAIT2. */
  readonly waitsForPeer: boolean;
}

/** What one change is judged by. */
export interface Case {
  /** When the incident began. */
  readonly since: number;
  readonly kind: IncidentKind;
  readonly scale: Scale;
  /** As many connections are tried as could not be had before. */
  readonly goesOn: boolean;
}

/** Settings that one command changes come within this, ms. */
const TOGETHER_MS = 2000;
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
export function judged(change: Change, course: Course, its: Case): Change {
  if (change.worked !== null) return change;
  const failed = unhelpful(change, course.failPerSec);
  if (change.time < its.since) return course.failPerSec > 0 ? failed : change;
  const quietSince = Math.max(change.time, course.lastFailure ?? 0, course.lastThreat ?? 0);
  if (course.time - quietSince < WORKED_MS) return course.time - change.time < GIVEN_UP_MS ? change : failed;
  if (!canHelp(change, its) || !wasTroubled(change, course)) return unhelpful(change, 0);
  if (!its.goesOn && SETTING.test(change.text)) return unhelpful(change, null);
  const afterSeconds = tenths(Math.max(0, (course.lastFailure ?? 0) - change.time) / 1000);
  return { ...change, failPerSecAfter: 0, afterSeconds, worked: true };
}

/** tcp_fin_timeout is about FIN_WAIT2 alone: TIME_WAIT lasts 60 s whatever is set. */
function canHelp({ text: what }: Change, { kind, scale }: Case): boolean {
  return effectOn(kind, what) === 'helps' && (scale.waitsForPeer || !what.startsWith('tcp_fin_timeout '));
}

/** Why calls fail no more, where no change is why. @param before of these one did not work for want of tries */
export function ended(before: Change, culprits: readonly Culprit[], { lastFailure, time }: Course): Change {
  const gone = culprits.find(({ process }) => process.exited === true && process.name !== null);
  return {
    ...before,
    time: Math.round(Math.max(before.time, lastFailure ?? time)),
    text: gone === undefined ? FEWER_TRIES : endText(gone.process.name ?? ''),
    failPerSecAfter: 0,
  };
}

/** Nothing was to be mended when it came: something else had ended the trouble. Where nothing has ever failed, ports were about to run out. */
function wasTroubled({ time, failPerSecBefore }: Change, { lastFailure, lastThreat }: Course): boolean {
  const last = Math.max(lastFailure ?? 0, lastThreat ?? 0);
  return (failPerSecBefore > 0 || lastFailure === null) && time - last <= WORKED_MS;
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
