/**
 * Events to tables. Enters: decoded events in the ring's order. Leaves: flows, namespaces and processes with exact
 * cumulative counts. No I/O, no clock: time comes with the events.
 *
 * Invariant: a connection is counted as opened once. An outbound open is sent at ESTABLISHED and its close says so
 * (OPEN_SENT); an inbound one is sent when accept() returns, and a close of a connection that nobody accepted counts both.
 */
import type { ProcessEvent, ProcessExitEvent, TcpEvent } from '../decode/batch.js';
import type { EventSink } from '../decode/decoder.js';
import { EVENT, FLAG } from '../decode/layout.js';
import { CookieMap } from './cookie-map.js';
import { DeadProcesses } from './dead-processes.js';
import type { Flow } from './flow.js';
import { RATE } from './flow.js';
import { FlowTable } from './flow-table.js';
import { type Namespace, NamespaceTable } from './namespace.js';
import type { Owner } from './owner.js';
import type { Process, Surroundings } from './process.js';
import { ProcessTable } from './process-table.js';
import { ProgramTable } from './program.js';
import { DurationPool } from './quantiles.js';
import { RecentCookies } from './recent-cookies.js';

export interface Limits {
  connections: number;
  flows: number;
  processes: number;
  /** Flows that can have quantiles at once. */
  durationWindows: number;
}

export const DEFAULT_LIMITS: Limits = {
  connections: 1_000_000,
  flows: 100_000,
  processes: 20_000,
  durationWindows: 4096,
};

/** Sees every event after it was counted, with its connection's owner. `closer` is null when it is not known. */
export type Observer = (event: TcpEvent, owner: Owner, closer: Owner | null, unixMs: number) => void;

export class Aggregator implements EventSink {
  readonly namespaces = new NamespaceTable();
  readonly processes: ProcessTable;
  readonly programs = new ProgramTable();
  readonly flows: FlowTable;
  readonly dead: DeadProcesses;
  /** Cookie to flow of every connection that is open now. */
  readonly live: CookieMap;
  observer: Observer | null = null;
  /** Unix ms at CLOCK_MONOTONIC 0; set before each batch. */
  unixMsAtZero = 0;

  private readonly durations: DurationPool;
  /** Closed before anybody was seen to accept them: an accept that comes late must not count them again. */
  private readonly closedUnaccepted = new RecentCookies(4096);
  private second = 0;
  private unixMs = 0;

  constructor(around: Surroundings, limits: Limits = DEFAULT_LIMITS) {
    this.processes = new ProcessTable(limits.processes, around);
    this.flows = new FlowTable(limits.flows);
    this.live = new CookieMap(limits.connections);
    this.durations = new DurationPool(limits.durationWindows);
    this.dead = new DeadProcesses(this.flows, this.programs);
  }

  process(event: ProcessEvent): void {
    const process = this.processes.announce(event);
    for (const flow of process.flows) this.flows.touch(flow);
  }

  exit(event: ProcessExitEvent): void {
    const process = this.processes.exit(event.id, this.unixMsAtZero + event.timeNs / 1e6);
    if (process === null) return;
    this.dead.add(process);
    for (const flow of process.flows) this.flows.touch(flow);
  }

  tcp(event: TcpEvent): void {
    this.second = Math.floor(event.timeNs / 1e9);
    this.unixMs = this.unixMsAtZero + event.timeNs / 1e6;
    const namespace = this.namespaces.of(event.netnsLow + event.netnsHigh * 2 ** 32, event.netnsInum);
    namespace.lastSeen = this.unixMs;
    const owner = this.count(event, namespace)?.owner ?? this.ownerOf(event);
    this.observer?.(event, owner, this.closerOf(event), this.unixMs);
  }

  /** The flow it counts for; null: it counts for none, but may belong to a live connection. */
  private count(event: TcpEvent, namespace: Namespace): Flow | null {
    switch (event.type) {
      case EVENT.ESTABLISHED:
        return this.opened(event, this.flowOf(event, namespace));
      case EVENT.ACCEPTED:
        return this.accepted(event, this.flowOf(event, namespace));
      case EVENT.FAILED:
        return this.failed(this.flowOf(event, namespace));
      case EVENT.CLOSED:
        return this.closed(event, namespace);
      default:
        return this.liveFlow(event);
    }
  }

  private liveFlow(event: TcpEvent): Flow | null {
    const index = this.live.get(event.cookieLow, event.cookieHigh);
    return index < 0 ? null : this.flows.at(index);
  }

  private opened(event: TcpEvent, flow: Flow): Flow {
    this.open(flow);
    if (event.connectUs > 0) this.connected(flow, event.connectUs);
    this.remember(event, flow);
    return this.seen(flow);
  }

  private accepted(event: TcpEvent, flow: Flow): Flow {
    if (this.closedUnaccepted.has(event.cookieLow, event.cookieHigh)) return flow;
    this.open(flow);
    this.remember(event, flow);
    return this.seen(flow);
  }

  private failed(flow: Flow): Flow {
    flow.failed += 1;
    flow.namespace.failed += 1;
    this.rate(flow, RATE.FAIL);
    return this.seen(flow);
  }

  private closed(event: TcpEvent, namespace: Namespace): Flow {
    const index = this.live.delete(event.cookieLow, event.cookieHigh);
    const flow = index < 0 ? this.flowOf(event, namespace) : this.flows.at(index);
    if (index >= 0) {
      this.flows.unpin(index);
      flow.established -= 1;
    } else if (!this.countMissedOpen(event, flow)) {
      return this.seen(flow);
    }
    this.close(event, flow);
    return this.seen(flow);
  }

  /** Its open is not in the table of live connections. False: it is older than the tracer and counts for nothing more. */
  private countMissedOpen(event: TcpEvent, flow: Flow): boolean {
    const { flags } = event;
    if ((flags & FLAG.PREEXISTING) !== 0) {
      flow.preexisting += 1;
      return false;
    }
    if ((flags & FLAG.OPEN_SENT) !== 0) {
      flow.established = Math.max(0, flow.established - 1);
      return true;
    }
    this.open(flow);
    flow.established -= 1;
    if ((flags & FLAG.OPEN_FOLDED) !== 0) this.unfoldOpen(flow);
    else this.closedUnaccepted.add(event.cookieLow, event.cookieHigh);
    return true;
  }

  /** The open was counted among the owner's opens toward nobody knows where; now we know. */
  private unfoldOpen(flow: Flow): void {
    const folded = this.flows.of(flow.namespace, flow.owner, flow.direction);
    folded.opened -= 1;
    folded.established -= 1;
    flow.namespace.opened -= 1;
    this.flows.touch(folded);
  }

  private open(flow: Flow): void {
    flow.opened += 1;
    flow.established += 1;
    flow.namespace.opened += 1;
    this.rate(flow, RATE.OPEN);
  }

  private close(event: TcpEvent, flow: Flow): void {
    flow.closed += 1;
    flow.namespace.closed += 1;
    flow.bytesSent += event.bytesSent;
    flow.bytesReceived += event.bytesReceived;
    if ((event.flags & FLAG.CLOSED_FIRST) !== 0) flow.closedFirst += 1;
    this.rate(flow, RATE.CLOSE);
    if (event.durationNs === 0) return;
    flow.lifetimes ??= this.durations.take();
    flow.lifetimes?.add(event.durationNs / 1000, this.second);
  }

  private connected(flow: Flow, microseconds: number): void {
    flow.connects ??= this.durations.take();
    flow.connects?.add(microseconds, this.second);
  }

  private remember(event: TcpEvent, flow: Flow): void {
    const known = this.live.get(event.cookieLow, event.cookieHigh);
    if (known < 0 && this.live.set(event.cookieLow, event.cookieHigh, flow.index)) this.flows.pin(flow);
  }

  private rate(flow: Flow, kind: number): void {
    flow.rates.add(kind, this.second);
    flow.namespace.rates.add(kind, this.second);
  }

  private seen(flow: Flow): Flow {
    if (flow.firstSeen === 0) flow.firstSeen = this.unixMs;
    flow.lastSeen = this.unixMs;
    this.flows.touch(flow);
    return flow;
  }

  private flowOf(event: TcpEvent, namespace: Namespace): Flow {
    return this.flows.ofEvent(event, namespace, this.ownerOf(event), event.direction).current;
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
    return event.closer === 0 && event.closerTgid === 0 ? null : this.processes.of(event.closer, event.closerTgid);
  }

  /** Gives back the histograms of a flow that has been quiet for longer than they remember. */
  rest(flow: Flow): void {
    if (flow.lifetimes !== null) this.durations.give(flow.lifetimes);
    if (flow.connects !== null) this.durations.give(flow.connects);
    flow.lifetimes = null;
    flow.connects = null;
  }
}
