/** A budget as the row clients see: limits, who holds how much, when ports come back, when it runs out. Pure. */

import { sustainablePerSecond } from '../../forecast/demand.js';
import { exhaustionSeconds } from '../../forecast/exhaustion.js';
import { forecastLimit, freePorts, portLimit } from '../../forecast/port-range.js';
import { choosesByBind, NEVER, type ReuseRule, reuseRule } from '../../forecast/reuse.js';
import { tenths } from '../../protocol/format.js';
import { MOST_HOLDERS } from '../../protocol/names.js';
import type { BudgetRow } from '../../protocol/rows.js';
import { secondOf } from '../measure/rates.js';
import { type Releases, releaseSteps } from '../measure/releases.js';
import { BUDGET_RATE, type Budget } from '../model/budget.js';
import type { Owner } from '../model/owner.js';
import type { Places } from '../peers/places.js';
import type { FlowTable } from '../tables/flow-table.js';
import type { UsablePorts } from './usable-ports.js';

type Now = ReturnType<typeof secondOf>;

/** @param usable what it holds of the ports that can be had now. @param nowNs CLOCK_MONOTONIC. @param blockers who blocks ports for it */
export function budgetRow(
  budget: Budget,
  usable: UsablePorts,
  releases: Releases,
  { flows, places }: { readonly flows: FlowTable; readonly places: Places },
  nowNs: number,
  blockers: BudgetRow['blockers'],
): BudgetRow {
  const now = secondOf(nowNs);
  const { namespace, source } = budget;
  const { sysctls } = namespace;
  const limit = sysctls === null ? null : portLimit(sysctls);
  const blocked = sysctls === null ? null : blockedBeside(budget, usable);
  return {
    key: budget.key,
    kind: 'tuple',
    netns: namespace.inode,
    netnsId: namespace.key,
    incident: null, // The diagnosis knows.
    source: { address: source },
    destination: destinationOf(budget, flows, places),
    limit,
    used: budget.used,
    blocked,
    free: limit === null || blocked === null ? null : freePorts(limit, usable.used, blocked),
    timeWait: budget.timeWait,
    established: budget.established,
    other: budget.other,
    bound: budget.bound,
    openPerSec: budget.rates.perSecond(BUDGET_RATE.OPEN, ...now),
    demandPerSec: demandOf(budget, now),
    sustainablePerSec: limit === null ? null : sustainableOf(budget, usable, limit, flows, now),
    recycled: budget.recycled,
    recycledPerSec: budget.rates.perSecond(BUDGET_RATE.RECYCLE, ...now),
    reuse: sysctls === null ? null : holdRuleOf(budget).reuse,
    exhaustionSeconds: forecast(budget, usable, releases, flows, nowNs),
    releasing: releaseSteps(releases),
    holders: holdersOf(budget, flows),
    blockers,
  };
}

/** What a container calls the place is said where all whose ports are held call it the same. */
function destinationOf(budget: Budget, flows: FlowTable, places: Places): BudgetRow['destination'] {
  const place = places.of(budget);
  const [first] = budget.holders.keys();
  const name = first === undefined ? null : flows.at(first).destinationName;
  if (place.name !== null || name === null) return place;
  for (const index of budget.holders.keys()) if (flows.at(index).destinationName !== name) return place;
  return { ...place, name };
}

/** What wanted a port, retries and bind() before connect() included. */
function demandOf({ rates }: Budget, now: Now): number {
  return tenths(rates.perSecond(BUDGET_RATE.OPEN, ...now) + rates.perSecond(BUDGET_RATE.REFUSED, ...now));
}

function sustainableOf(
  budget: Budget,
  usable: UsablePorts,
  limit: number,
  flows: FlowTable,
  now: Now,
): number | null {
  const [second] = now;
  const perSecond = sustainablePerSecond({
    limit,
    blocked: blockedBeside(budget, usable),
    live: usable.live,
    openPerSec: budget.rates.perSecond(BUDGET_RATE.OPEN, ...now),
    lifetimeSeconds: lifetimeOf(budget, flows, second),
    waitShare: budget.timeWait === 0 ? 0 : waitShareOf(budget, second),
    waitSeconds: holdRuleOf(budget).holdMs / 1000,
  });
  return perSecond === null ? null : tenths(perSecond);
}

/** Of the closes of the last seconds; all while there is none. */
function waitShareOf({ rates }: Budget, second: number): number {
  const closes = rates.steadyPerSecond(BUDGET_RATE.CLOSE, second);
  return closes > 0 ? Math.min(1, rates.steadyPerSecond(BUDGET_RATE.WAIT, second) / closes) : 1;
}

/** Blocked ports that the budget does not hold itself. */
function blockedBeside({ namespace }: Budget, { bound }: UsablePorts): number {
  return Math.max(0, namespace.blockedPorts - bound);
}

/** How long a TIME_WAIT entry whose port connect() chose holds it, under the namespace's settings. */
export function reuseRuleOf({ namespace, source, destination }: Budget): ReuseRule {
  if (namespace.sysctls === null) return { reuse: null, holdMs: 60_000 };
  return reuseRule(namespace.sysctls, source, destination.address);
}

/** The same of most of its entries: bind() takes none over, and connect() none that bind() has chosen. */
export function holdRuleOf(budget: Budget): ReuseRule {
  return choosesByBind(budget) ? NEVER : reuseRuleOf(budget);
}

function forecast(
  budget: Budget,
  usable: UsablePorts,
  releases: Releases,
  flows: FlowTable,
  nowNs: number,
): number | null {
  const second = Math.floor(nowNs / 1e9);
  const { rates } = budget;
  const { sysctls } = budget.namespace;
  const limit = sysctls === null ? null : forecastLimit(sysctls, blockedBeside(budget, usable));
  if (limit === null) return null;
  const opens = budget.openRate.estimate(nowNs / 1e6);
  const closePerSec = rates.steadyPerSecond(BUDGET_RATE.CLOSE, second);
  const seconds = exhaustionSeconds({
    limit,
    live: usable.live,
    waiting: releases.total,
    openPerSec: opens.perSecond,
    noise: opens.noise,
    streamSeconds: opens.streamSeconds,
    closePerSec,
    releases: releases.perSecond,
    lifetimeSeconds: lifetimeOf(budget, flows, second),
    waitShare: waitShareOf(budget, second),
    waitSeconds: holdRuleOf(budget).holdMs / 1000,
    expected: budget.expected,
  });
  budget.expected = seconds !== null;
  return seconds === null ? null : tenths(seconds);
}

/** The median lifetime of the largest holder's connections: the stream that matters. */
function lifetimeOf(budget: Budget, flows: FlowTable, second: number): number | null {
  let most = 0;
  let lifetime: number | null = null;
  for (const [index, ports] of budget.holders) {
    const p50 = ports > most ? (flows.at(index).lifetimes?.quantiles(second).p50 ?? null) : null;
    if (p50 === null) continue;
    most = ports;
    lifetime = p50 / 1000;
  }
  return lifetime;
}

/** Largest first; one entry per process or program, however many rows it has. */
function holdersOf(budget: Budget, flows: FlowTable): BudgetRow['holders'] {
  return holdersByPorts(portsByOwner(budget, flows));
}

/** All who hold ports of it, in no order. */
export function allHoldersOf(budget: Budget, flows: FlowTable) {
  const all = [...portsByOwner(budget, flows)];
  return all.map(([owner, ports]) => ({ process: owner.info(), program: owner.programName(), ports }));
}

function portsByOwner(budget: Budget, flows: FlowTable): Map<Owner, number> {
  const ports = new Map<Owner, number>();
  for (const [index, count] of budget.holders) {
    const { owner } = flows.at(index);
    ports.set(owner, (ports.get(owner) ?? 0) + count);
  }
  return ports;
}

/**
 * Largest first, as rows show them. Of a loop of short processes each one holds a port: where their program holds some too, since they are
 * more than have rows, all of them are one holder.
 */
export function holdersByPorts(ports: ReadonlyMap<Owner, number>): BudgetRow['holders'] {
  const holders = new Map<Owner, number>();
  for (const [owner, count] of ports) {
    const holder = ports.has(owner.kin) ? owner.kin : owner;
    holders.set(holder, (holders.get(holder) ?? 0) + count);
  }
  const sorted = [...holders].sort(([, a], [, b]) => b - a).slice(0, MOST_HOLDERS);
  return sorted.map(([owner, count]) => ({ process: owner.info(), ports: count }));
}
