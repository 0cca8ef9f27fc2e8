/**
 * One cause, one incident: where bind() took the ports, every destination is out of them for that one reason; where connections hold
 * them, bind() finds none either. In: observations. Out: the same, the ones that follow from another added to that. Pure.
 */
import type { BudgetRow } from '../../protocol/rows.js';
import type { Tables } from '../types.js';
import { type Observation, put } from './observation.js';

/** Share of a pool that bind() has taken itself from which it is the cause. */
const BOUND = 0.5;

export function rooted(found: ReadonlyMap<string, Observation>, tables: Tables): Map<string, Observation> {
  const pools = poolsBehind(tables);
  const roots = new Map<string, Observation>();
  for (const one of found.values()) {
    const pool = one.subject.kind === 'ports' ? poolOf(one, found, pools) : null;
    if (pool !== null) put(roots, pool.subject.id, { ...pool, rows: one.rows, failed: one.failed });
    else if (!isEcho(one, pools)) put(roots, one.subject.id, one);
  }
  return roots;
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
  found: ReadonlyMap<string, Observation>,
  pools: ReadonlySet<string>,
): Observation | null {
  const behind = [...found.values()].filter(
    (one) => one.budget !== null && pools.has(one.budget.key) && one.subject.netnsId === subject.netnsId,
  );
  return behind.find((one) => one.budget?.source.address === budget?.source.address) ?? behind[0] ?? null;
}

/** A pool that is empty since connections hold the ports, and of which nobody wants one. */
function isEcho({ subject, rows, budget }: Observation, pools: ReadonlySet<string>): boolean {
  return subject.kind === 'bind-pool' && rows.length === 0 && budget !== null && !pools.has(budget.key);
}
