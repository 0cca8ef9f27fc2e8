/**
 * Bind pools: (namespace, source address), the domain in which bind() with port 0 must find a port, whatever the
 * destination (inet_csk_find_open_port). It also passes over ports that plain connect() holds from that address. Counted
 * anew once per publish tick, and only for sources that some connection was really bound to, or that a bind() found empty.
 */

import { exhaustionSeconds } from '../../forecast/exhaustion.js';
import { forecastLimit, freePorts, isUsable, portLimit } from '../../forecast/port-range.js';
import { tenths } from '../../protocol/format.js';
import { NOWHERE } from '../../protocol/names.js';
import type { BudgetRow } from '../../protocol/rows.js';
import type { RateWindow } from '../measure/rates.js';
import { Releases, releaseSteps } from '../measure/releases.js';
import { BUDGET_RATE, type Budget } from '../model/budget.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { ESTABLISHED, isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';
import { holdersByPorts } from './budget-row.js';

const PORTS = 65_536;
/** Sources that have a row, those with the most bound connections: each is counted port by port. */
export const MAX_BOUND_POOLS = 64;

/** So long after its last bind() a pool is one that somebody needs: twice what a TIME_WAIT entry holds a port, ms. */
const WANTED_MS = 120_000;

export interface PoolPlace {
  readonly namespace: Namespace;
  readonly source: string;
}

/** A pool in which bind() found no port, and how often. */
export interface EmptyPool extends PoolPlace {
  readonly refusals: RateWindow;
}

export function bindPoolKey(namespace: Namespace, source: string): string {
  return `${namespace.key}/${source}/bind`;
}

class BindPool {
  readonly key: string;
  /** Ports seen in this count. */
  private readonly taken = new Uint8Array(PORTS);
  private readonly releases = new Releases();
  private readonly holders = new Map<Owner, number>();
  private timeWait = 0;
  private established = 0;
  private other = 0;
  /** Of these, ports that bind() chose. */
  private bound = 0;
  /** Of all, ports that bind() may choose now: TIME_WAIT entries, and the rest. */
  private readonly usable = { waiting: 0, live: 0 };

  constructor(
    private readonly namespace: Namespace,
    private readonly source: string,
    /** Budgets that draw from this address. */
    private readonly budgets: readonly Budget[],
    /** Of bind() calls that found it empty lately; null: none did. */
    private readonly refusals: RateWindow | null,
  ) {
    this.key = bindPoolKey(namespace, source);
  }

  /** A port is held once, by however many connections. */
  add(port: number, state: number, owner: Owner, leftMs: number, isBound: boolean): void {
    if (this.taken[port] === 1) return;
    this.taken[port] = 1;
    this.holders.set(owner, (this.holders.get(owner) ?? 0) + 1);
    const isInside = this.namespace.sysctls === null || isUsable(this.namespace.sysctls, port);
    if (isTimeWait(state)) this.timeWait += 1;
    else if (state === ESTABLISHED) this.established += 1;
    else this.other += 1;
    if (isBound) this.bound += 1;
    if (!isInside) return;
    this.usable[isTimeWait(state) ? 'waiting' : 'live'] += 1;
    if (isTimeWait(state)) this.releases.add(leftMs, leftMs);
  }

  row(nowMs: number): BudgetRow {
    const second = Math.floor(nowMs / 1000);
    const isWanted = this.isWanted(nowMs);
    const { namespace, timeWait, established, other } = this;
    const used = timeWait + established + other;
    const limit = namespace.sysctls === null ? null : portLimit(namespace.sysctls);
    const blocked = limit === null ? null : this.blocked();
    return {
      key: this.key,
      kind: 'bind-pool',
      netns: namespace.inode,
      netnsId: namespace.key,
      incident: null,
      source: { address: this.source },
      destination: NOWHERE,
      limit,
      used,
      blocked,
      free:
        limit === null || blocked === null
          ? null
          : freePorts(limit, this.usable.waiting + this.usable.live, blocked),
      timeWait,
      established,
      other,
      bound: this.bound,
      openPerSec: tenths(this.rate(BUDGET_RATE.OPEN, second)),
      /* Of a pool that somebody needs, a moment without a call does not say how much. */
      demandPerSec: isWanted ? tenths(this.demand(second)) || null : 0,
      sustainablePerSec: null,
      /* bind() takes no entry over. */
      recycled: 0,
      recycledPerSec: 0,
      reuse: 'never',
      exhaustionSeconds: isWanted ? this.forecast(blocked ?? 0, nowMs) : null,
      releasing: releaseSteps(this.releases),
      holders: holdersByPorts(this.holders),
      /* A pool holds what bind() has taken. */
      blockers: null,
    };
  }

  private isWanted(nowMs: number): boolean {
    return this.refusals !== null || this.budgets.some(({ boundAt }) => nowMs - boundAt < WANTED_MS);
  }

  /** Listeners and idle binds; of a bound connection's port this pool counts the connection. */
  private blocked(): number {
    const { sysctls, listeners, idleBound } = this.namespace;
    if (sysctls === null) return 0;
    const ports = new Set([...listeners.keys(), ...idleBound]);
    let blocked = 0;
    for (const port of ports) if (this.taken[port] === 0 && isUsable(sysctls, port)) blocked += 1;
    return blocked;
  }

  private rate(kind: number, second: number): number {
    return this.budgets.reduce((sum, { rates }) => sum + rates.steadyPerSecond(kind, second), 0);
  }

  /** Ports taken, and bind() calls that found none. */
  private demand(second: number): number {
    const opened = this.rate(BUDGET_RATE.OPEN, second);
    if (this.refusals === null) return opened;
    const began = this.budgets.map(({ rates }) => rates.began).filter((first) => first >= 0);
    return opened + this.refusals.steadyPerSecond(0, second, Math.min(...began));
  }

  /** Over what time its connections have opened, whatever their destinations. One in which bind() found no port is past its start. */
  private streamSeconds(nowMs: number): number {
    if (this.refusals !== null) return Number.POSITIVE_INFINITY;
    const spans = this.budgets.map(({ openRate }) => openRate.span(nowMs)).filter((span) => span !== null);
    const first = Math.min(...spans.map(([firstMs]) => firstMs));
    return (Math.max(...spans.map(([, lastMs]) => lastMs)) - first) / 1000;
  }

  private forecast(blocked: number, nowMs: number): number | null {
    const second = Math.floor(nowMs / 1000);
    const limit = this.namespace.sysctls === null ? null : forecastLimit(this.namespace.sysctls, blocked);
    if (limit === null) return null;
    const { live, waiting } = this.usable;
    const closePerSec = this.rate(BUDGET_RATE.CLOSE, second);
    const seconds = exhaustionSeconds({
      limit,
      live,
      waiting,
      openPerSec: this.demand(second),
      streamSeconds: this.streamSeconds(nowMs),
      closePerSec,
      releases: this.releases.perSecond,
      lifetimeSeconds: closePerSec > 0 ? live / closePerSec : null,
      waitShare: closePerSec > 0 ? Math.min(1, this.rate(BUDGET_RATE.WAIT, second) / closePerSec) : 1,
      waitSeconds: 60,
    });
    return seconds === null ? null : tenths(seconds);
  }
}

/** Rows of all bind pools in use. @param nowNs CLOCK_MONOTONIC */
export function bindPoolRows(
  budgets: Iterable<Budget>,
  sockets: SocketTable,
  nowNs: number,
  empty: Iterable<EmptyPool> = [],
): BudgetRow[] {
  const { pools, members } = poolsOf([...budgets], empty);
  if (pools.length === 0) return [];
  sockets.forEachHolding((slot, budget) => {
    const left = (sockets.deadlineOf(slot) - nowNs) / 1e6;
    for (const pool of members.get(budget) ?? [])
      pool.add(
        sockets.portOf(slot),
        sockets.stateOf(slot),
        sockets.flowOf(slot).owner,
        left,
        sockets.hasFlag(slot, SOCKET_FLAG.BOUND),
      );
  });
  return pools.map((pool) => pool.row(nowNs / 1e6));
}

interface Pools {
  pools: BindPool[];
  /** The pools that a budget's ports are taken from. */
  members: Map<Budget, BindPool[]>;
}

function poolsOf(budgets: readonly Budget[], empty: Iterable<EmptyPool>): Pools {
  const wanted = new Map<string, PoolPlace>();
  const refused = new Map<string, RateWindow>();
  for (const pool of mostBound(budgets)) wanted.set(bindPoolKey(pool.namespace, pool.source), pool);
  for (const pool of empty) {
    const key = bindPoolKey(pool.namespace, pool.source);
    wanted.set(key, pool);
    refused.set(key, pool.refusals);
  }
  const bySource = new Map<string, Budget[]>();
  if (wanted.size > 0)
    for (const budget of budgets) for (const key of keysOf(budget)) add(bySource, key, budget);
  const members = new Map<Budget, BindPool[]>();
  const pools = [...wanted].map(([key, { namespace, source }]) => {
    const of = bySource.get(key) ?? [];
    const pool = new BindPool(namespace, source, of, refused.get(key) ?? null);
    for (const budget of of) add(members, budget, pool);
    return pool;
  });
  return { pools, members };
}

function mostBound(budgets: readonly Budget[]): PoolPlace[] {
  const bound = new Map<string, { pool: Budget; ports: number }>();
  for (const budget of budgets) {
    if (budget.bound === 0) continue;
    const key = bindPoolKey(budget.namespace, budget.source);
    const ports = (bound.get(key)?.ports ?? 0) + budget.bound;
    bound.set(key, { pool: budget, ports });
  }
  const all = [...bound.values()];
  if (all.length > MAX_BOUND_POOLS) all.sort((a, b) => b.ports - a.ports).splice(MAX_BOUND_POOLS);
  return all.map(({ pool }) => pool);
}

/** A bind() to any address shares no port with anybody. */
function keysOf({ namespace, source }: Budget): string[] {
  return [source, source.includes(':') ? '::' : '0.0.0.0'].map((from) => bindPoolKey(namespace, from));
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
