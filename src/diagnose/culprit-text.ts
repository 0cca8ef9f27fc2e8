/**
 * Culprits of one budget as the subject of a sentence: one who has nearly all alone, else those with the most and how many more there are.
 * In: culprits and victims of an incident. Out: text. Pure. Names are written as they are: whoever prints escapes.
 */
import { NAMED_BESIDE, NAMED_SHARE } from '../forecast/takers.js';
import type { Culprit, Victim } from '../protocol/rows.js';
import { programKey } from './program-key.js';
import { integer, who } from './words.js';

/** Two who have this together are named together. */
const NAMED_TOGETHER = 1 / 2;
/** From this share on a figure of all is that of one. */
const SOLE_SHARE = 0.9;
/** Of all ports, what must be known to say who asks for them: some seconds after a start of the service. */
const LEAST_KNOWN = 0.05;

/** Of entries that are older than the service nobody is: they try nothing. */
export const isKnown = ({ process, program }: Culprit) => (process.pid ?? process.name ?? program) !== null;

/** Those that a sentence may name, one or two, the most ports first; none: nobody has enough of them, or it is not known who has. */
export function namedCulprits([first, second]: readonly Culprit[]): readonly Culprit[] {
  if (first === undefined || !isKnown(first)) return [];
  const isBeside = second !== undefined && isKnown(second) && second.ports >= NAMED_BESIDE * first.ports;
  const share = (first.share ?? 1) + (isBeside ? (second.share ?? 0) : 0);
  if ((first.share ?? 1) < NAMED_SHARE && share < NAMED_TOGETHER) return [];
  return isBeside ? [first, second] : [first];
}

/** Whether what all of them ask for may be said of the first one that is known. @param perSec what is asked for in all */
export function isSole(culprits: readonly Culprit[], victims: readonly Victim[], perSec: number): boolean {
  const first = culprits.find(isKnown);
  const unknown = culprits.filter((one) => !isKnown(one)).reduce((sum, { share }) => sum + (share ?? 0), 0);
  if (first === undefined || 1 - unknown < LEAST_KNOWN) return false;
  if ((first.share ?? 1) < SOLE_SHARE * (1 - unknown)) return false;
  const of = ({ process }: Culprit | Victim) => programKey(process, null);
  const others = victims.filter((victim) => of(victim) !== of(first));
  return others.reduce((sum, one) => sum + one.perSec, 0) <= (1 - SOLE_SHARE) * perSec;
}

/**
 * Who asks for nearly all, where most ports are held by entries that are older than the service: whose calls fail, else whose are the
 * entries that are newer; null: nobody alone.
 */
export function soleAsker(
  culprits: readonly Culprit[],
  victims: readonly Victim[],
  perSec: number,
): Victim | Culprit | null {
  const failing = victims.find((victim) => victim.perSec > 0 && victim.perSec >= SOLE_SHARE * perSec);
  if (failing !== undefined) return failing;
  return isSole(culprits, victims, perSec) ? (culprits.find(isKnown) ?? null) : null;
}

/** `a.py (pid 1)`; `a.py (pid 1) and b.py (pid 2)`; with how many more there are that are known, as far as they have a share worth naming. */
export function culpritsText(named: readonly Culprit[], culprits: readonly Culprit[]): string {
  const names = named.map(({ process, program }) => who(process, program));
  const more = culprits.filter(isKnown).length - named.length;
  return more > 0 ? `${names.join(', ')} and ${integer(more)} more` : names.join(' and ');
}
