/**
 * One cause, one incident: where bind() took the ports, or is all that asks for them, every destination is out of them for that one reason;
 * where connections hold them, bind() finds none either. In: observations. Out: the same, the ones that follow from another added to that. Pure.
 */
import type { BudgetRow } from '../../protocol/rows.js';
import type { Tables } from '../types.js';
import { Gathered, type Observation } from './observation.js';

/** Share of a pool that bind() has taken itself from which it is the cause. */
const BOUND = 0.5;

export function rooted(
  found: ReadonlyMap<string, Observation>,
  tables: Tables,
): ReadonlyMap<string, Observation> {
  const behind = poolsBehind(tables);
  const isPool = ({ subject }: Observation) => subject.kind === 'bind-pool';
  if (![...found.values()].some(isPool)) return found;
  const pools = new Map<string | null, Observation[]>();
  for (const one of found.values())
    if (one.budget !== null && behind.has(one.budget.key)) addTo(pools, one.subject.netnsId, one);
  const out = outOf(found);
  const failing = [...found.values()].filter((one) => isPool(one) && one.rows.length > 0);
  const roots = new Gathered();
  for (const one of found.values()) {
    const pool = one.subject.kind === 'ports' ? (poolOf(one, pools) ?? poolUsed(one, failing)) : null;
    if (pool !== null) roots.add({ ...pool, rows: one.rows, fresh: one.fresh, failed: one.failed });
    else if (!isEcho(one, behind, out)) roots.add(one);
  }
  return roots.all;
}

function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, [value]);
  else known.push(value);
}

/** Keys of the pools whose ports bind() has taken, not connections without it. */
function poolsBehind({ actors, budgets }: Tables): Set<string> {
  const bound = new Map<string | null, number>();
  for (const { netnsId, bound: ports } of actors) bound.set(netnsId, (bound.get(netnsId) ?? 0) + ports);
  const isBehind = ({ kind, netnsId, limit }: BudgetRow) =>
    kind === 'bind-pool' && (bound.get(netnsId) ?? 0) >= BOUND * (limit ?? Number.POSITIVE_INFINITY);
  return new Set(budgets.filter(isBehind).map(({ key }) => key));
}

function poolOf(
  { subject, budget }: Observation,
  pools: ReadonlyMap<string | null, readonly Observation[]>,
): Observation | null {
  const here = pools.get(subject.netnsId) ?? [];
  return here.find((one) => one.budget?.source.address === budget?.source.address) ?? here[0] ?? null;
}

/**
 * The pool of the same address in which bind() fails, where no connect() asks for a port that bind() has not chosen: who wants those ports
 * asks bind(). Whose bind() has chosen the ports that are held is not known of what is older than the service.
 */
function poolUsed(
  { subject, budget, rows }: Observation,
  failing: readonly Observation[],
): Observation | null {
  if (rows.length > 0 || budget?.demandPerSec !== 0) return null;
  const isSame = (one: Observation) =>
    one.subject.netnsId === subject.netnsId && one.budget?.source.address === budget.source.address;
  return failing.find(isSame) ?? null;
}

/** Namespaces in which connections have taken all ports toward a place. */
function outOf(found: ReadonlyMap<string, Observation>): Set<string | null> {
  const out = [...found.values()].filter(
    ({ subject, threat }) => subject.kind === 'ports' && threat === 'out',
  );
  return new Set(out.map(({ subject }) => subject.netnsId));
}

/** A pool that is empty since those hold the ports, and from which no bind() has asked for one in vain. */
function isEcho(
  { subject, rows, budget }: Observation,
  behind: ReadonlySet<string>,
  out: ReadonlySet<string | null>,
) {
  if (subject.kind !== 'bind-pool' || rows.length > 0 || budget === null) return false;
  return out.has(subject.netnsId) && !behind.has(budget.key);
}
