/**
 * Where nothing is tried any more: no connection was opened and no call has failed in the last ten seconds. In: the tables of a second. Out:
 * whether that is so of what a candidate was about. Pure; counted when somebody asks.
 */
import { placeKey } from '../churn-severity.js';
import type { Candidate, Tables } from '../types.js';

export type Silence = (candidate: Candidate) => boolean;

export function silenceOf(tables: Tables): Silence {
  let busy: Busy | null = null;
  return (candidate) => {
    busy ??= busyOf(tables);
    return isSilent(candidate, busy);
  };
}

/** Namespaces, places in them, and of those who connect or accept how fast they do, by key. */
interface Busy {
  readonly failing: ReadonlySet<string>;
  readonly opening: ReadonlySet<string>;
  readonly openPerSec: ReadonlyMap<string, number>;
}

function busyOf({ actors, failures }: Tables): Busy {
  const [failing, opening] = [new Set<string>(), new Set<string>()];
  for (const row of failures) if ((row.perSec ?? 0) > 0) failing.add(placeKey(row)).add(`${row.netnsId}`);
  for (const one of actors) if (one.openPerSec > 0) opening.add(placeKey(one)).add(`${one.netnsId}`);
  return { failing, opening, openPerSec: new Map(actors.map((one) => [one.key, one.openPerSec])) };
}

/** Of a program what it opens itself counts, whatever others do there. */
function isSilent(candidate: Candidate, { failing, opening, openPerSec }: Busy): boolean {
  const { key, rule, netnsId, destination } = candidate;
  const place = destination.port === null ? `${netnsId}` : placeKey(candidate);
  const own = openPerSec.get(key.slice(rule.length + 1));
  return !failing.has(place) && (own === undefined ? !opening.has(place) : own === 0);
}
