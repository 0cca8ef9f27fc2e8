/**
 * Who caused an incident, when its trouble has ended: their entries run out, and others open connections meanwhile, who caused nothing. In:
 * culprits of the trouble, culprits of now, who takes ports. Out: culprits. Pure.
 */
import type { Culprit } from '../../protocol/rows.js';
import type { Actor } from '../types.js';
import { knowsMore } from './people.js';

/** The same with the figures that they had then; whether they live is of now. What is known better by now counts. */
export function keptCulprits(
  known: readonly Culprit[],
  now: readonly Culprit[],
  actors: readonly Actor[],
): readonly Culprit[] {
  if (known.length === 0 || knowsMore(now, known)) return now;
  return known.map((one) => {
    const { pid, startTime } = one.process;
    if (pid === null || one.process.exited === true) return one;
    const actor = actors.find(({ process }) => process.pid === pid && process.startTime === startTime);
    return actor === undefined ? one : { ...one, process: actor.process };
  });
}
