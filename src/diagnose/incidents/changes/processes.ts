/**
 * Processes of an incident that were started again, or ended. In: who is in it, who lives in its namespace. Out: texts, people. Pure. Names of
 * other processes are written as they are: whoever prints escapes.
 */
import { isPorts } from '../../../forecast/harm.js';
import type { Culprit, IncidentRow, ProcessInfo } from '../../../protocol/rows.js';
import { namedCulprits } from '../../culprit-text.js';
import type { Actor } from '../../types.js';

/** `checkout.py started again: pid 7 → 9`; null: it was not. @param actors of its namespace, of its name at least */
export function restartText(culprit: Culprit | undefined, actors: readonly Actor[]): string | null {
  const next = culprit === undefined ? null : successor(culprit.process, actors);
  return next && `${next.process.name} started again: pid ${culprit?.process.pid} → ${next.process.pid}`;
}

/** Of the same name and a later start. */
function successor({ pid, name, startTime }: ProcessInfo, actors: readonly Actor[]): Actor | null {
  if (pid === null || name === null || startTime === null) return null;
  const isLater = (actor: Actor) =>
    actor.process.name === name &&
    actor.process.pid !== null &&
    actor.process.pid !== pid &&
    (actor.process.startTime ?? 0) > startTime;
  return actors.find(isLater) ?? null;
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
