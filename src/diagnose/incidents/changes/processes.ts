/**
 * Processes of an incident that were started again, or ended. In: who is in it, who lives in its namespace. Out: texts, people. Pure. Names of
 * other processes are written as they are: whoever prints escapes.
 */
import { isPorts } from '../../../forecast/harm.js';
import type { Culprit, IncidentRow, ProcessInfo } from '../../../protocol/rows.js';
import { namedCulprits } from '../../culprit-text.js';
import type { Actor } from '../../types.js';

/** So long a process may run beside the one that it replaces, ms: a server hands its work over before it ends. */
const HANDS_OVER_MS = 10_000;

/** Who was first among the culprits, and until when that process was seen to live: what ran beside it has not replaced it. */
export class Successions {
  private last: { readonly key: string; readonly livedAt: number } | null = null;

  /** @param restoredAt when an earlier run of the service has seen its culprit last, Unix ms; null: there was none */
  constructor(private readonly restoredAt: number | null = null) {}

  /** `checkout.py started again: pid 7 → 9`; null: it was not. @param actors of its namespace, of its name at least. @param time Unix ms */
  text(culprit: Culprit | undefined, actors: readonly Actor[], time: number): string | null {
    if (culprit === undefined) return null;
    const livedAt = this.livedAt(culprit.process, actors, time);
    const next = livedAt === null ? null : successor(culprit.process, actors, livedAt - HANDS_OVER_MS);
    return next && `${next.process.name} started again: pid ${culprit.process.pid} → ${next.process.pid}`;
  }

  /** Until when it lived; null: it lives, or was never seen to. Who was culprit in an earlier run may have ended unseen. */
  private livedAt(culprit: ProcessInfo, actors: readonly Actor[], time: number): number | null {
    const { pid, startTime } = culprit;
    const key = `${pid} ${startTime}`;
    const before = this.last?.key === key ? this.last.livedAt : this.restoredAt;
    const actor = actors.find(({ process }) => process.pid === pid && process.startTime === startTime);
    const now = actor?.process ?? (this.restoredAt === null ? culprit : null);
    if (now === null || now.exited === true) return before;
    this.last = { key, livedAt: time };
    return null;
  }
}

/** Of the same name and a later start. @param since when it may have begun at the earliest, Unix ms */
function successor(
  { pid, name, startTime }: ProcessInfo,
  actors: readonly Actor[],
  since: number,
): Actor | null {
  if (pid === null || name === null || startTime === null) return null;
  const isNext = ({ process }: Actor) =>
    process.name === name &&
    process.pid !== null &&
    process.pid !== pid &&
    (process.startTime ?? 0) > Math.max(startTime, since);
  return actors.find(isNext) ?? null;
}

/**
 * Who made it and has ended: who held most of the ports, else whose calls failed. Of a program with many processes each one ends all the time, and
 * that says nothing. Null: they live, or it is not known.
 */
export function endedOf(row: Pick<IncidentRow, 'kind' | 'culprits' | 'victims' | 'failed'>) {
  const { kind, culprits, victims, failed } = row;
  const people = isPorts(kind) ? namedCulprits(culprits) : victims.filter((one) => one.failed >= failed / 2);
  const isGone = ({ process }: Pick<Culprit, 'process'>) =>
    process.exited === true && process.pid !== null && process.name !== null;
  return people.find(isGone) ?? null;
}
