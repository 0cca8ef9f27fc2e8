/**
 * Events to tables. Enters: decoded events in the ring's order. Leaves: flows, budgets, namespaces and processes with
 * exact cumulative counts. No I/O, no clock: time comes with the events. What an event means for a connection is in
 * connections.ts; here is whose it is.
 */
import type { ProcessEvent, ProcessExitEvent, TcpEvent } from '../../decode/batch.js';
import type { EventSink } from '../../decode/decoder.js';
import { DIRECTION, EVENT, PROCESS_FLAG } from '../../decode/layout.js';
import type { Cause } from '../../protocol/rows.js';
import { DurationPool } from '../measure/quantiles.js';
import type { Flow } from '../model/flow.js';
import { type Namespace, NamespaceTable } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { Process, ProcessContext } from '../model/process.js';
import { ProgramTable } from '../model/program.js';
import { LostOwners } from '../reconcile/lost-owners.js';
import { MissedCloses } from '../reconcile/missed-closes.js';
import { BudgetTable } from '../tables/budget-table.js';
import { FlowTable } from '../tables/flow-table.js';
import { ProcessTable } from '../tables/process-table.js';
import { SOCKET_FLAG, SocketTable } from '../tables/socket-table.js';
import { Connections } from './connections.js';
import { DeadProcesses } from './dead-processes.js';
import { Failures } from './failures.js';

export interface Limits {
  /** Live connections and TIME_WAIT entries together. */
  sockets: number;
  flows: number;
  budgets: number;
  failures: number;
  processes: number;
  /** Flows that can have quantiles at once. */
  durationWindows: number;
}

export const DEFAULT_LIMITS: Limits = {
  sockets: 1_250_000,
  flows: 100_000,
  budgets: 20_000,
  failures: 20_000,
  processes: 20_000,
  durationWindows: 4096,
};

/** Kernel state number. */
const LISTEN = 10;

/**
 * Sees every event after it was counted, with its connection's owner. `closer` is null when it is not known, `cause` when
 * nothing failed. While there is one, the ring is read without joining opens and closes.
 */
export type Observer = (
  event: TcpEvent,
  owner: Owner,
  closer: Owner | null,
  unixMs: number,
  cause: Cause | null,
) => void;

export class Aggregator implements EventSink {
  readonly namespaces = new NamespaceTable();
  readonly processes: ProcessTable;
  readonly programs = new ProgramTable();
  readonly flows: FlowTable;
  readonly budgets: BudgetTable;
  readonly sockets: SocketTable;
  readonly lost: LostOwners;
  readonly failures: Failures;
  readonly dead: DeadProcesses;
  observer: Observer | null = null;
  /** Unix ms at CLOCK_MONOTONIC 0; set before each batch. */
  unixMsAtZero = 0;

  private readonly durations: DurationPool;
  readonly connections: Connections;
  readonly missedCloses: MissedCloses;
  private unixMs = 0;
  /** Of the event that is being counted. */
  private cause: Cause | null = null;

  constructor(around: ProcessContext, limits: Limits = DEFAULT_LIMITS) {
    this.processes = new ProcessTable(limits.processes, around);
    this.flows = new FlowTable(limits.flows);
    this.budgets = new BudgetTable(limits.budgets);
    this.sockets = new SocketTable(limits.sockets, this.flows, this.budgets);
    this.durations = new DurationPool(limits.durationWindows);
    this.connections = new Connections(this.sockets, this.flows, this.budgets, this.durations);
    this.missedCloses = new MissedCloses(this.flows);
    this.failures = new Failures(limits.failures, this.processes.unknown, this.budgets);
    this.lost = new LostOwners(this.processes);
    this.dead = new DeadProcesses(this.flows, this.failures.table, this.programs);
  }

  process(event: ProcessEvent): void {
    const process = this.processes.announce(event);
    this.touchRows(process);
    if (isExiting(event)) this.exit(event);
  }

  exit(event: Pick<ProcessExitEvent, 'id' | 'timeNs'>): void {
    const process = this.processes.exit(event.id, this.unixMsAtZero + event.timeNs / 1e6);
    if (process === null) return;
    this.dead.add(process);
    this.touchRows(process);
  }

  /** More is known of the process than its rows say. */
  touchRows(process: Process): void {
    for (const flow of process.flows) this.flows.touch(flow);
    for (const failure of process.failures.values()) this.failures.table.touch(failure);
  }

  tcp(event: TcpEvent): void {
    this.unixMs = this.unixMsAtZero + event.timeNs / 1e6;
    const namespace = this.namespaces.of(event.netnsLow + event.netnsHigh * 2 ** 32, event.netnsInum);
    namespace.lastSeen = this.unixMs;
    this.cause = null;
    const owner = this.count(event, namespace)?.owner ?? this.ownerOf(event);
    this.observer?.(event, owner, this.closerOf(event), this.unixMs, this.cause);
  }

  /** The flow it counts for; null: it counts for none. */
  private count(event: TcpEvent, namespace: Namespace): Flow | null {
    if (event.type === EVENT.TRANSITION) return this.flowOfSocket(event);
    if (event.newState === LISTEN) return this.listening(event, namespace);
    if (event.type === EVENT.LISTEN) return null;
    if (event.type === EVENT.BIND_FAILED) return this.bindFailed(event, namespace);
    if (event.type === EVENT.CLOSED) return this.closed(event, namespace);
    const flow = this.flowOf(event, namespace);
    if (event.type === EVENT.ESTABLISHED) this.connections.opened(event, flow);
    else if (event.type === EVENT.ACCEPTED) this.connections.accepted(event, flow);
    else if (event.type === EVENT.COALESCED) this.connections.coalesced(event, flow);
    else if (event.type === EVENT.FAILED) this.failed(event, flow);
    else if (event.type === EVENT.SEED) this.connections.seeded(event, flow);
    else this.connections.attempted(event, flow);
    return this.seen(flow);
  }

  /** A close names the listener, or nobody: the socket's own flow knows better, and no row may appear for the other. */
  private closed(event: TcpEvent, namespace: Namespace): Flow {
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    const known = slot >= 0 && this.sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED);
    const flow = known ? this.sockets.flowOf(slot) : this.flowOf(event, namespace);
    return this.seen(this.connections.closed(event, flow));
  }

  private failed(event: TcpEvent, flow: Flow): void {
    this.cause = this.failures.connect(event, flow, this.unixMs);
    this.connections.failed(event, flow);
  }

  /** Counts for no flow: those are of connections. */
  private bindFailed(event: TcpEvent, namespace: Namespace): null {
    this.cause = this.failures.bind(event, namespace, this.ownerOf(event), this.unixMs);
    return null;
  }

  private flowOfSocket(event: TcpEvent): Flow | null {
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    return slot < 0 ? null : this.sockets.flowOf(slot);
  }

  /** Says of later connections, whose direction nobody saw, that they came in. */
  private listening(event: TcpEvent, namespace: Namespace): null {
    if (event.type === EVENT.SEED && namespace.listeners.get(event.localPort)) return null;
    namespace.listeners.set(event.localPort, this.ownerOf(event));
    namespace.portsChanged();
    return null;
  }

  private seen(flow: Flow): Flow {
    if (flow.firstSeen === 0) flow.firstSeen = this.unixMs;
    flow.lastSeen = this.unixMs;
    this.flows.touch(flow);
    return flow;
  }

  private flowOf(event: TcpEvent, namespace: Namespace): Flow {
    return this.flows.ofEnds(event, namespace, this.ownerOf(event), directionOf(event, namespace)).current;
  }

  /** Contract: the opener; inbound the acceptor, else the listener's process, else the closer. */
  private ownerOf(event: TcpEvent): Owner {
    const known = event.owner !== 0 || event.ownerTgid !== 0;
    const process = known
      ? this.processes.of(event.owner, event.ownerTgid)
      : this.processes.of(event.closer, event.closerTgid);
    return process.accountable;
  }

  private closerOf(event: TcpEvent): Process | null {
    return event.closer === 0 && event.closerTgid === 0
      ? null
      : this.processes.of(event.closer, event.closerTgid);
  }

  /** Gives back the histograms of a flow that has been quiet for longer than they remember. */
  rest(flow: Flow): void {
    if (flow.lifetimes !== null) this.durations.give(flow.lifetimes);
    if (flow.connects !== null) this.durations.give(flow.connects);
    flow.lifetimes = null;
    flow.connects = null;
  }
}

/** First seen after the event of its exit, which was not sent since nobody knew it then. */
function isExiting(event: ProcessEvent): boolean {
  return (event.flags & (PROCESS_FLAG.NO_MM | PROCESS_FLAG.KTHREAD)) === PROCESS_FLAG.NO_MM;
}

/** A socket older than the tracer does not say who opened it: a port that somebody listens on was connected to. */
export function directionOf(socket: { direction: number; localPort: number }, namespace: Namespace): number {
  if (socket.direction !== DIRECTION.NONE) return socket.direction;
  return namespace.listeners.has(socket.localPort) ? DIRECTION.IN : DIRECTION.OUT;
}
