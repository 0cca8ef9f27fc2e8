/**
 * Events to tables. In: decoded events in the order of the ring. Out: flows, budgets, namespaces and processes with exact
 * cumulative counts. No I/O, no clock: the time comes with the events. What an event means for a connection is in
 * connections.ts, whose connection it is in attribution.ts; here each event finds its way.
 */
import type { CgroupEvent, ProcessEvent, ProcessExitEvent, TcpEvent } from '../../decode/batch.js';
import type { EventSink } from '../../decode/decoder.js';
import { EVENT, PROCESS_FLAG } from '../../decode/layout.js';
import type { Cause } from '../../protocol/rows.js';
import type { ProcFacts } from '../../system/parse/process.js';
import { DurationPool } from '../measure/quantiles.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { Process, ProcessContext } from '../model/process.js';
import { LISTEN } from '../model/socket-state.js';
import { Places } from '../peers/places.js';
import { LostOwners } from '../reconcile/lost-owners.js';
import { MissedCloses } from '../reconcile/missed-closes.js';
import { SavedOwners } from '../reconcile/saved-owners.js';
import { BudgetTable } from '../tables/budget-table.js';
import { FlowTable } from '../tables/flow-table.js';
import { NamespaceTable } from '../tables/namespace-table.js';
import { ProcessTable } from '../tables/process-table.js';
import { ProgramTable } from '../tables/program-table.js';
import { SocketTable } from '../tables/socket-table.js';
import { Attribution, directionOf } from './attribution.js';
import { BoundOpens } from './bound-opens.js';
import { Connections } from './connections.js';
import { DeadProcesses } from './dead-processes.js';
import { Failures } from './failures.js';
import { LateParents } from './late-parents.js';
import { Takeovers } from './takeovers.js';

export interface Limits {
  /** Live connections and TIME_WAIT entries together. */
  sockets: number;
  flows: number;
  budgets: number;
  failures: number;
  processes: number;
  /** What dead processes are rolled up into. */
  programs: number;
  namespaces: number;
  /** Flows that can have quantiles at once. */
  durationWindows: number;
}

export const DEFAULT_LIMITS: Limits = {
  sockets: 1_250_000,
  flows: 100_000,
  budgets: 20_000,
  failures: 20_000,
  processes: 20_000,
  programs: 5000,
  namespaces: 4096,
  durationWindows: 4096,
};

/**
 * Sees every event after it was counted, with its connection's owner. `closer` is null when it is not known, `cause` when
 * nothing failed. While there is one, the ring is drained without coalescing opens and closes.
 */
export type Observer = (
  event: TcpEvent,
  owner: Owner,
  closer: Owner | null,
  unixMs: number,
  cause: Cause | null,
) => void;

export class Aggregator implements EventSink {
  readonly namespaces: NamespaceTable;
  readonly processes: ProcessTable;
  readonly programs: ProgramTable;
  readonly flows: FlowTable;
  readonly budgets: BudgetTable;
  readonly sockets: SocketTable;
  readonly attribution: Attribution;
  readonly lost: LostOwners;
  readonly savedOwners: SavedOwners;
  readonly failures: Failures;
  readonly dead: DeadProcesses;
  private readonly lateParents: LateParents;
  readonly connections: Connections;
  readonly takeovers: Takeovers;
  readonly missedCloses: MissedCloses;
  readonly places = new Places();
  observer: Observer | null = null;
  /** Unix ms at CLOCK_MONOTONIC 0; set before each batch. */
  unixMsAtZero = 0;

  private readonly durations: DurationPool;
  private unixMs = 0;
  /** Of the event that is being counted. */
  private cause: Cause | null = null;

  constructor(
    private readonly context: ProcessContext,
    private readonly limits: Limits = DEFAULT_LIMITS,
  ) {
    this.namespaces = new NamespaceTable(limits.namespaces);
    this.processes = new ProcessTable(limits.processes, context, (process) => this.dead.rollUp(process));
    this.programs = new ProgramTable(
      limits.programs,
      (program) => this.dead.rollUpProgram(program),
      (process) => this.lateParents.see(process),
    );
    this.flows = new FlowTable(limits.flows, this.processes.unknown);
    this.budgets = new BudgetTable(limits.budgets);
    this.sockets = new SocketTable(limits.sockets, this.flows, this.budgets);
    this.attribution = new Attribution(this.processes, this.sockets);
    this.durations = new DurationPool(limits.durationWindows);
    this.takeovers = new Takeovers(this.sockets);
    const boundOpens = new BoundOpens();
    this.connections = new Connections(
      this.sockets,
      this.flows,
      this.budgets,
      this.durations,
      this.takeovers,
      boundOpens,
    );
    this.missedCloses = new MissedCloses(this.flows);
    this.failures = new Failures(limits.failures, this.processes.unknown, this.budgets, boundOpens);
    this.lost = new LostOwners(this.processes, (low, high) => this.ownerFound(low, high));
    this.savedOwners = new SavedOwners(this.lost);
    this.dead = new DeadProcesses(this.processes, this.flows, this.failures.table, this.programs);
    this.lateParents = new LateParents(this.programs, this.dead, (process) => this.touchRows(process));
  }

  cgroup(event: CgroupEvent): void {
    const { id, path } = event;
    if (path !== null) this.context.cgroupSeen(id, path);
  }

  process(event: ProcessEvent): void {
    const process = this.processes.announce(event);
    this.savedOwners.see(process);
    this.touchRows(process);
    this.lateParents.see(process);
    if (isExiting(event)) this.exit(event);
  }

  exit(event: Pick<ProcessExitEvent, 'id' | 'timeNs'>): void {
    const process = this.processes.exit(event.id, this.unixMsAtZero + event.timeNs / 1e6);
    if (process === null) return;
    this.dead.add(process);
    this.touchRows(process);
  }

  /** What /proc says of a process; null: nothing, and nothing will be. */
  complete(process: Process, facts: ProcFacts | null): void {
    this.processes.complete(process, facts);
    this.touchRows(process);
    this.lateParents.see(process);
  }

  /** Tables whose new rows are counted together, or have not been made, because there are so many. */
  fullTables(): string[] {
    const { limits, programs, namespaces, flows, failures, budgets, sockets } = this;
    const full = {
      programs: programs.rolledUp > 0,
      namespaces: namespaces.size > limits.namespaces,
      flows: flows.size >= limits.flows,
      failures: failures.table.size >= limits.failures,
      budgets: budgets.size >= limits.budgets,
      connections: sockets.size >= limits.sockets,
    };
    return Object.entries(full).flatMap(([name, isFull]) => (isFull ? [name] : []));
  }

  /** Events were lost that nothing counted: every row that there is may lack some, and says so from now on. */
  doubt(unixMs: number): void {
    for (const namespace of this.namespaces.all()) namespace.lowerBound = true;
    this.flows.doubt(unixMs);
    this.failures.table.doubt(unixMs);
  }

  /** An audit found it before its owner was known: the next one finds it again. */
  private ownerFound(low: number, high: number): void {
    const slot = this.sockets.find(low, high);
    if (slot >= 0) this.sockets.askAgain(slot);
  }

  /** More is known of it than its rows say. */
  touchRows(owner: Owner): void {
    this.flows.touchOwnedBy(owner);
    this.failures.table.touchOwnedBy(owner);
  }

  /** Names of containers have changed: rows that say another one are made again, also where nothing happens. */
  touchRenamed(): void {
    for (const owners of [this.processes.all(), this.programs.all()])
      for (const owner of owners) if (owner.rows > 0 && owner.isOutdated) this.touchRows(owner);
  }

  tcp(event: TcpEvent): void {
    this.unixMs = this.unixMsAtZero + event.timeNs / 1e6;
    const namespace = this.namespaces.of(event.netnsLow + event.netnsHigh * 2 ** 32, event.netnsInum);
    namespace.lastSeen = this.unixMs;
    if (namespace.firstSeen === 0) namespace.firstSeen = event.timeNs;
    this.cause = null;
    const owner = this.count(event, namespace)?.owner ?? this.attribution.ofEvent(event);
    this.observer?.(event, owner, this.attribution.closerOf(event), this.unixMs, this.cause);
  }

  /** The flow it counts for; null: it counts for none. */
  private count(event: TcpEvent, namespace: Namespace): Flow | null {
    const { type } = event;
    if (type === EVENT.TRANSITION) return this.flowOfSocket(event);
    if (event.newState === LISTEN) return this.listening(event, namespace);
    if (type === EVENT.LISTEN) return null;
    if (type === EVENT.BIND_FAILED) return this.bindFailed(event, namespace);
    if (type === EVENT.CLOSED) return this.closed(event, namespace);
    const flow = this.flowOf(event, namespace);
    if (type === EVENT.ESTABLISHED) this.connections.opened(event, flow);
    else if (type === EVENT.ACCEPTED) this.connections.accepted(event, flow);
    else if (type === EVENT.COALESCED) this.connections.coalesced(event, flow);
    else if (type === EVENT.FAILED) this.failed(event, flow);
    else if (type === EVENT.SEED) this.connections.seeded(event, flow);
    else this.connections.attempted(event, flow);
    return this.seen(flow);
  }

  /** The flow that the event names is made only when the socket has none: no row may appear for the listener instead. */
  private closed(event: TcpEvent, namespace: Namespace): Flow {
    const flow = this.attribution.atClose(event) ?? this.flowOf(event, namespace);
    return this.seen(this.connections.closed(event, flow));
  }

  private failed(event: TcpEvent, flow: Flow): void {
    this.cause = this.failures.connect(event, flow, this.unixMs);
    this.connections.failed(event, flow);
  }

  /** Counts for no flow: those are of connections. But it is part of the rate at which one fails. */
  private bindFailed(event: TcpEvent, namespace: Namespace): null {
    const found = this.failures.bind(event, namespace, this.attribution.ofEvent(event), this.unixMs);
    this.cause = found.cause;
    if (found.flow !== null) this.connections.lackedPort(event, found.flow);
    return null;
  }

  private flowOfSocket(event: TcpEvent): Flow | null {
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    return slot < 0 ? null : this.sockets.flowOf(slot);
  }

  /** With it, later connections whose first event was missed are known to have come in. */
  private listening(event: TcpEvent, namespace: Namespace): null {
    if (event.type === EVENT.SEED && namespace.listeners.get(event.localPort)) return null;
    namespace.listen(event.localPort, this.attribution.ofEvent(event));
    return null;
  }

  private seen(flow: Flow): Flow {
    if (flow.firstSeen === 0) flow.firstSeen = this.unixMs;
    flow.lastSeen = this.unixMs;
    this.flows.touch(flow);
    return flow;
  }

  private flowOf(event: TcpEvent, namespace: Namespace): Flow {
    const owner = this.attribution.ofEvent(event);
    return this.flows.ofEnds(event, namespace, owner, directionOf(event, namespace)).current;
  }

  /** Gives back the histograms of a flow that has been quiet for longer than they remember. */
  rest(flow: Flow): void {
    if (flow.lifetimes !== null) this.durations.give(flow.lifetimes);
    if (flow.connects !== null) this.durations.give(flow.connects);
    flow.lifetimes = null;
    flow.connects = null;
  }
}

/** First seen after the event of its exit, which was not sent, since the process was not known then. */
function isExiting(event: ProcessEvent): boolean {
  return (event.flags & (PROCESS_FLAG.NO_MM | PROCESS_FLAG.KTHREAD)) === PROCESS_FLAG.NO_MM;
}
