/**
 * From failed calls to failures with a cause. In: events of calls that failed, and counts of those that the ring had no
 * room for. Out: counts per kind, per errno of namespaces and budgets; and which namespaces an audit should look at, since the
 * gauges do not say what the kernel says.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { DIRECTION } from '../../decode/layout.js';
import type { Cause } from '../../protocol/rows.js';
import { BUDGET_RATE, type Budget } from '../model/budget.js';
import { callOf, causeOf, errnoName, type FailureFacts } from '../model/cause.js';
import { localDestination, NO_DESTINATION } from '../model/destination.js';
import type { Failure, FailureKind } from '../model/failure.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { BudgetTable } from '../tables/budget-table.js';
import { EmptyPools } from '../tables/empty-pools.js';
import { FailureTable } from '../tables/failure-table.js';
import type { BoundOpens } from './bound-opens.js';
import { fullToward, isFull, wantedBudget } from './exhausted-budget.js';
import { wasUnanswered } from './syn.js';

/** What the history calls an attempt that its program gave up. */
const ABORTED = 'aborted';
/** A namespace that is not audited for so long has gone, or is one that never is, ns. */
const DOUBT_NS = 30e9;

export interface BindFailure {
  readonly cause: Cause;
  readonly flow: Flow | null;
}

export class Failures {
  readonly table: FailureTable;
  readonly emptyPools = new EmptyPools();
  /** Ports ran out there and the gauges did not show it: since when, CLOCK_MONOTONIC ns. */
  private readonly doubted = new Map<Namespace, number>();

  constructor(
    limit: number,
    unknown: Owner,
    private readonly budgets: BudgetTable,
    private readonly boundOpens: BoundOpens,
  ) {
    this.table = new FailureTable(limit, unknown, budgets);
  }

  /** A connect(), or an inbound connection, that did not come to ESTABLISHED. Returns the cause. */
  connect(event: TcpEvent, flow: Flow, unixMs: number): Cause {
    const cause = causeOf(event);
    if (cause === 'ports-exhausted' || (cause === 'no-source-address' && this.lacksPorts(flow)))
      return this.exhausted(event, flow, unixMs);
    const failure = this.ofFlow(flow, event.err, cause, unixMs);
    noteWait(failure, event);
    this.count(failure, event, unixMs);
    if (flow.direction === DIRECTION.OUT) countErrno(this.budgets.known(flow, event), event.err);
    return cause;
  }

  /** Returns the cause, and the flow of which a connection lacks its port; null: it is not known. */
  bind(event: TcpEvent, namespace: Namespace, owner: Owner, unixMs: number): BindFailure {
    const cause = causeOf(event);
    const destination = localDestination(event);
    const { direction, err } = event;
    const failure = this.table.of(
      { namespace, owner, direction, destination, call: 'bind', err, cause },
      unixMs,
    );
    this.count(failure, event, unixMs);
    if (cause !== 'bind-pool-exhausted') return { cause, flow: null };
    const source = destination.address ?? '';
    const second = Math.floor(event.timeNs / 1e9);
    failure.budgetKey = this.emptyPools.note({ namespace, source }, second, unixMs);
    return { cause, flow: this.missPort(namespace, owner, source, second) };
  }

  /** What a bind() asked for in vain is demand of the budget that it was for. */
  private missPort(namespace: Namespace, owner: Owner, source: string, second: number): Flow | null {
    const wanted = this.boundOpens.wanted(namespace, owner, source);
    if (wanted === null) return null;
    wanted.budget.rates.add(BUDGET_RATE.REFUSED, second);
    this.budgets.touch(wanted.budget);
    return wanted.flow;
  }

  /**
   * Failures that the ring had no room for: their destination is not known. Other failures of this owner of the same kind
   * may be among them, and is a lower bound from now on.
   */
  countOverflowed(
    facts: FailureFacts,
    namespace: Namespace,
    owner: Owner,
    direction: number,
    count: number,
  ): void {
    const call = callOf(facts.type);
    const alike = [...this.table.ownedBy(owner)].filter(
      ({ kind }) => kind.namespace === namespace && kind.call === call && kind.err === facts.err,
    );
    const own = causeOf(facts);
    /* Of a bind() the counter does not say for which port. */
    const cause = own === 'bind-pool-exhausted' ? (agreed(alike) ?? 'other') : own;
    const kind = { namespace, owner, direction, destination: NO_DESTINATION, call, err: facts.err, cause };
    const failure = this.table.of(kind, namespace.lastSeen);
    failure.add(count, namespace.lastSeen);
    countErrno(namespace, facts.err, count);
    for (const other of alike) other.lowerBound ||= other !== failure;
    for (const changed of [failure, ...alike]) this.table.touch(changed);
  }

  /** Whether an audit may explain what the gauges do not. @param nowNs CLOCK_MONOTONIC */
  wantAudit(nowNs: number): boolean {
    for (const [namespace, sinceNs] of this.doubted)
      if (namespace.auditedAt > sinceNs || nowNs - sinceNs > DOUBT_NS) this.doubted.delete(namespace);
    return this.doubted.size > 0;
  }

  /**
   * An attempt whose transitions the kernel hid looks like one that found no source address; but where there is none, nothing holds
   * a port.
   */
  private lacksPorts(flow: Flow): boolean {
    return fullToward(this.budgets, flow) !== null;
  }

  private exhausted(event: TcpEvent, flow: Flow, unixMs: number): Cause {
    const budget = wantedBudget(this.budgets, flow, event);
    const cause = 'ports-exhausted';
    const failure = this.ofFlow(flow, event.err, cause, unixMs);
    if (budget !== null) this.table.name(failure, budget);
    if (budget === null || isFull(budget) !== true) this.doubt(flow.namespace, event.timeNs);
    budget?.rates.add(BUDGET_RATE.REFUSED, Math.floor(event.timeNs / 1e9));
    countErrno(budget, event.err);
    this.count(failure, event, unixMs);
    return cause;
  }

  private doubt(namespace: Namespace, timeNs: number): void {
    if (!this.doubted.has(namespace)) this.doubted.set(namespace, timeNs);
  }

  /** The last kind of a flow is nearly always the next one too. */
  private ofFlow(flow: Flow, err: number, cause: Cause, unixMs: number): Failure {
    const last = flow.lastFailure;
    if (last !== null && !last.gone && last.kind.err === err && last.kind.cause === cause) return last;
    const { namespace, owner, direction, destination } = flow;
    const kind: FailureKind = { namespace, owner, direction, destination, call: 'connect', err, cause };
    flow.lastFailure = this.table.of(kind, unixMs);
    return flow.lastFailure;
  }

  private count(failure: Failure, event: TcpEvent, unixMs: number): void {
    countErrno(failure.kind.namespace, event.err);
    this.table.count(failure, Math.floor(event.timeNs / 1e9), unixMs);
  }
}

/** An attempt that waited for an answer in vain, however it ended. */
function noteWait(failure: Failure, event: TcpEvent): void {
  const { cause, direction } = failure.kind;
  if (direction !== DIRECTION.OUT || (cause !== 'aborted' && cause !== 'timed-out')) return;
  if (event.durationNs > 0) failure.addWait(event.durationNs / 1e6);
  if (cause === 'timed-out' || wasUnanswered(event)) failure.addUnanswered(Math.floor(event.timeNs / 1e9));
}

function countErrno(where: Namespace | Budget | null, err: number, count = 1): void {
  if (where === null) return;
  const name = errnoName(err) ?? ABORTED;
  where.failuresByErrno ??= new Map();
  where.failuresByErrno.set(name, (where.failuresByErrno.get(name) ?? 0) + count);
}

/** The one cause of all of them; null when there is none or more than one. */
function agreed(failures: readonly Failure[]): Cause | null {
  const causes = new Set(failures.map(({ kind }) => kind.cause));
  const [cause] = causes;
  return causes.size === 1 && cause !== undefined ? cause : null;
}
