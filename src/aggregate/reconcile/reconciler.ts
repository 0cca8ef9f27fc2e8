/**
 * Compares the kernel's own list of sockets with the socket table: what only the kernel has is added, what only the table has
 * is removed, timers and states are taken over. In: a dump of each namespace, socket by socket; then `sweep` in slices. Out:
 * tables that agree with the kernel. A dump can declare gone only what was there before the dump began.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { SysctlTexts } from '../../system/parse/sysctl.js';
import type { Aggregator } from '../ingest/aggregator.js';
import { directionOf } from '../ingest/attribution.js';
import type { Ends } from '../model/ends.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import {
  EXPIRED,
  FIN_WAIT2_MINI,
  isTimeWait,
  LISTEN,
  SOCKET_FLAG,
  TIME_WAIT,
} from '../model/socket-state.js';
import type { DumpRequest } from '../tables/dump-bases.js';
import type { NewSocket } from '../tables/socket-table.js';
import type { LostOwner } from './lost-owners.js';
import { NamespaceDump } from './namespace-dump.js';
import type { OverflowCounters } from './overflow-counters.js';

/** One socket of a dump. */
export interface DumpedSocket extends Ends {
  readonly state: number;
  /** 3: a TIME_WAIT or FIN_WAIT2 mini-socket. */
  readonly timer: number;
  readonly cookieLow: number;
  readonly cookieHigh: number;
  readonly expiresMs: number;
  /** 0: no descriptor holds it. */
  readonly inode?: number;
  /** A TIME_WAIT entry that differences to this dump leave out while it is unchanged. */
  readonly isKept?: boolean;
}

/** What the end of a dump says for the next one. */
export interface DumpAgreement {
  /** 0: the next one will be whole. */
  readonly generation: number;
  /** TIME_WAIT entries that it left out. */
  readonly unchanged: number;
}

const SYN_RECV = 3;
/** Caught by the dump while it changed; the next state is not known. */
const CLOSE = 7;
const BOUND_INACTIVE = 13;
const TIMER_TIME_WAIT = 3;
/** An expired entry that no audit can confirm is removed after this, ns. */
const EXPIRED_KEEP_NS = 15e9;

export class Reconciler {
  private round = 0;
  private dump: NamespaceDump | null = null;
  /** CLOCK_MONOTONIC ns; when the last dump began. */
  private startedNs = 0;
  /** Namespaces whose dump of this round is complete, with the time it began. */
  private readonly complete = new Map<Namespace, number>();
  /** Of these, those whose dump left nothing out. */
  private readonly whole = new Set<Namespace>();

  /** @param holderOf which process holds the socket with this inode; asked where there are no events */
  constructor(
    private readonly aggregator: Aggregator,
    private readonly overflow: OverflowCounters,
    private readonly holderOf: (inode: number) => Owner | null = () => null,
  ) {}

  /** Before the first dump of a round, once every earlier event has been counted. */
  beginRound(): void {
    this.round += 1;
    this.complete.clear();
    this.whole.clear();
    this.aggregator.sockets.beginAudit(this.round);
    this.overflow.beginAudit();
  }

  /** What to ask for in the next dump of the namespace with this inode; it has to begin in this round. */
  request(inode: number, nowNs: number): DumpRequest {
    const { namespaces, sockets } = this.aggregator;
    const namespace = namespaces.livingAt(inode);
    return namespace === null ? WHOLE : sockets.bases.take(namespace, nowNs);
  }

  /** @param isDifference it leaves out what is as it was in the dump before */
  begin(cookie: number, inode: number, startedNs: number, isDifference = false): void {
    const { namespaces } = this.aggregator;
    const namespace = namespaces.of(cookie, inode);
    this.dump = namespace === namespaces.rest ? null : new NamespaceDump(namespace, startedNs, isDifference);
    this.startedNs = startedNs;
  }

  socket(socket: DumpedSocket): void {
    const { dump } = this;
    if (dump === null) return;
    const { state } = socket;
    const waiting = socket.timer === TIMER_TIME_WAIT;
    dump.count(waiting ? TIME_WAIT : state);
    if (state === LISTEN) this.listen(socket, dump);
    else if (state === BOUND_INACTIVE) dump.idleBound.add(socket.localPort);
    else if (state !== SYN_RECV) this.reconcile(socket, waiting);
  }

  /** An entry that an earlier dump has handed over is no more. */
  gone({ cookieLow, cookieHigh }: Pick<DumpedSocket, 'cookieLow' | 'cookieHigh'>): void {
    const { sockets } = this.aggregator;
    const slot = sockets.find(cookieLow, cookieHigh);
    if (this.dump === null || slot < 0) return;
    sockets.release(slot);
    /* What an event said after the dump began is newer. */
    if (sockets.sinceOf(slot) >= this.startedNs) return;
    this.removeGone(slot, this.startedNs);
  }

  private listen({ localPort, inode = 0 }: DumpedSocket, dump: NamespaceDump): void {
    dump.listening.add(localPort);
    const holder = this.holderOf(inode);
    if (holder !== null) dump.namespace.listeners.set(localPort, holder);
  }

  /** Settings and counters of the namespace, as text by file name. */
  facts(texts: SysctlTexts, netstat: string | null): void {
    this.dump?.facts(texts, netstat);
  }

  /**
   * @param complete the dump showed every socket, or left it out as unchanged
   * @param agreement its generation, and how many entries it left out
   */
  end(complete: boolean, { generation, unchanged }: DumpAgreement = ALONE): void {
    if (this.dump === null || !complete) return;
    const { namespace, isDifference } = this.dump;
    this.dump.count(TIME_WAIT, unchanged);
    this.aggregator.sockets.bases.agree(namespace, generation, isDifference ? null : this.startedNs);
    if (!isDifference) this.whole.add(namespace);
    if (namespace.states === null) this.aggregator.flows.touchAll(namespace);
    this.dump.apply();
    this.complete.set(namespace, this.startedNs);
  }

  /** Removes what the dumps did not show, `count` slots from `from`; returns where to go on, -1 at the end. */
  sweep(from: number, count: number): number {
    const { sockets } = this.aggregator;
    const end = Math.min(sockets.end, from + count);
    for (let slot = from; slot < end; slot++) if (sockets.stateOf(slot) !== 0) this.inspect(slot);
    return end < sockets.end ? end : -1;
  }

  endRound(): void {
    this.overflow.endAudit((namespace) => this.complete.has(namespace));
    this.aggregator.sockets.endAudit();
    this.aggregator.lost.endAudit();
    this.dump = null;
  }

  /** These namespaces have gone, and so has every socket of them: in one pass for all, in slices as `sweep`. */
  forget(gone: ReadonlySet<Namespace>, from: number, count: number): number {
    const { sockets, namespaces } = this.aggregator;
    const end = Math.min(sockets.end, from + count);
    for (let slot = from; slot < end; slot++)
      if (sockets.stateOf(slot) !== 0 && gone.has(sockets.flowOf(slot).namespace)) sockets.remove(slot);
    if (end < sockets.end) return end;
    for (const namespace of gone) {
      namespaces.delete(namespace);
      sockets.bases.drop(namespace);
    }
    return -1;
  }

  private reconcile(socket: DumpedSocket, waiting: boolean): void {
    this.takeIn(socket, waiting);
    if (socket.isKept === true) this.keep(socket);
  }

  /** The dumper believes that the tables have it as the dump shows it; where they have not, it must show it again. */
  private keep({ cookieLow, cookieHigh }: DumpedSocket): void {
    const { sockets } = this.aggregator;
    const { namespace } = this.dump as NamespaceDump;
    const slot = sockets.find(cookieLow, cookieHigh);
    if (slot >= 0 && sockets.sinceOf(slot) < this.startedNs) sockets.keep(slot);
    else sockets.bases.ask(namespace, cookieLow, cookieHigh);
  }

  private takeIn(socket: DumpedSocket, waiting: boolean): void {
    const { sockets } = this.aggregator;
    const slot = sockets.find(socket.cookieLow, socket.cookieHigh);
    if (slot < 0) {
      const went = sockets.wentDuringAudit(socket.cookieLow, socket.cookieHigh);
      if (socket.state !== CLOSE && !went) this.add(socket, waiting);
    } else if (this.isMisplaced(slot, socket)) {
      sockets.remove(slot);
      this.add(socket, waiting);
    } else {
      this.confirm(slot, socket, waiting);
    }
  }

  /** An earlier audit found it without an owner, before the kernel's record of the lost event was read. */
  private isMisplaced(slot: number, { cookieLow, cookieHigh }: DumpedSocket): boolean {
    const { sockets, lost } = this.aggregator;
    if (sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED) || sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED))
      return false;
    return lost.of(cookieLow, cookieHigh) !== null;
  }

  private confirm(slot: number, socket: DumpedSocket, waiting: boolean): void {
    const { sockets } = this.aggregator;
    sockets.markSeen(slot, this.round);
    sockets.release(slot);
    this.attribute(slot, socket);
    /* What an event said after the dump began is newer. */
    if (sockets.sinceOf(slot) >= this.startedNs) return;
    const before = sockets.stateOf(slot);
    if (waiting && !isTimeWait(before) && before !== EXPIRED) this.closeMissed(slot);
    if (waiting) this.takeTimer(slot, socket);
    else if (socket.state !== CLOSE) sockets.setState(slot, socket.state, sockets.sinceOf(slot));
  }

  /** Its holder was not known yet when the socket was added. */
  private attribute(slot: number, socket: DumpedSocket): void {
    const { sockets, flows } = this.aggregator;
    if (sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED)) return;
    const holder = this.holderOf(socket.inode ?? 0);
    if (holder === null) return;
    const { namespace, direction } = sockets.flowOf(slot);
    const flow = flows.ofEnds(socket, namespace, holder, direction).current;
    sockets.setFlow(slot, flow);
    sockets.setFlag(slot, SOCKET_FLAG.ATTRIBUTED);
    this.seen(flow);
  }

  private takeTimer(slot: number, socket: DumpedSocket): void {
    const { sockets } = this.aggregator;
    sockets.setState(slot, entryState(socket), sockets.sinceOf(slot), this.deadlineOf(socket));
  }

  private deadlineOf(socket: DumpedSocket): number {
    return this.startedNs + socket.expiresMs * 1e6;
  }

  /**
   * No event named it: it is older than the tracer, no process holds it, it is not accepted yet, or its events were lost.
   * In the last case the kernel has a record of its owner.
   */
  private add(socket: DumpedSocket, waiting: boolean): void {
    const { sockets, flows, budgets, attribution, missedCloses, takeovers } = this.aggregator;
    const { namespace } = this.dump as NamespaceDump;
    const lost = this.aggregator.lost.of(socket.cookieLow, socket.cookieHigh);
    const direction = lost?.direction || this.directionOf(socket);
    const holder = this.holderOf(socket.inode ?? 0);
    const isInboundLive = !waiting && direction === DIRECTION.IN;
    const listener = (isInboundLive && namespace.listeners.get(socket.localPort)) || null;
    const owner = attribution.ofDumped({ lost: lost?.owner ?? null, holder, listener });
    const flow = flows.ofEnds(socket, namespace, owner, direction).current;
    const accepted = !waiting && lost?.accepted === true;
    const fresh = SCRATCH;
    fresh.low = socket.cookieLow;
    fresh.high = socket.cookieHigh;
    fresh.flow = flow;
    fresh.budget = direction === DIRECTION.OUT ? budgets.of(flow, socket) : null;
    fresh.localPort = socket.localPort;
    fresh.state = waiting ? entryState(socket) : socket.state;
    fresh.flags = flagsOf(lost, holder, accepted);
    fresh.since = this.startedNs - 1;
    const slot = sockets.add(fresh);
    if (slot < 0) return;
    sockets.markSeen(slot, this.round);
    if (waiting) sockets.setDeadline(slot, this.deadlineOf(socket));
    if (accepted) missedCloses.accepted(flow);
    this.seen(flow);
    takeovers.claim(socket, flow, slot, fresh.since, this.isShown);
  }

  private readonly isShown = (slot: number): boolean => {
    const { sockets } = this.aggregator;
    if (sockets.seenBy(slot) === this.round) return true;
    return this.dump?.isDifference === true && sockets.hasFlag(slot, SOCKET_FLAG.KEPT);
  };

  private directionOf({ localPort }: DumpedSocket): number {
    const { listening, namespace } = this.dump as NamespaceDump;
    if (listening.has(localPort)) return DIRECTION.IN;
    return directionOf({ direction: DIRECTION.NONE, localPort }, namespace);
  }

  private seen(flow: Flow): void {
    const now = this.aggregator.unixMsAtZero + this.startedNs / 1e6;
    if (flow.firstSeen === 0) flow.firstSeen = now;
    flow.lastSeen = Math.max(flow.lastSeen, now);
  }

  private inspect(slot: number): void {
    const { sockets } = this.aggregator;
    if (sockets.seenBy(slot) === this.round || this.isLeftOut(slot)) return;
    const started = this.complete.get(sockets.flowOf(slot).namespace);
    const state = sockets.stateOf(slot);
    if (started === undefined) {
      if (state === EXPIRED && this.startedNs - sockets.deadlineOf(slot) > EXPIRED_KEEP_NS)
        sockets.remove(slot);
      return;
    }
    if (sockets.sinceOf(slot) < started) this.removeGone(slot, started);
  }

  /** The kernel has it as it was: else the difference would have said so. */
  private isLeftOut(slot: number): boolean {
    const { sockets } = this.aggregator;
    if (!sockets.hasFlag(slot, SOCKET_FLAG.KEPT)) return false;
    return this.whole.size === 0 || !this.whole.has(sockets.flowOf(slot).namespace);
  }

  private removeGone(slot: number, timeNs: number): void {
    const { sockets, takeovers } = this.aggregator;
    const state = sockets.stateOf(slot);
    takeovers.lapsed(slot, timeNs);
    if (!isTimeWait(state) && state !== EXPIRED) this.closeMissed(slot);
    sockets.remove(slot);
  }

  /** No event reported its close; if its open was counted, its close must be. */
  private closeMissed(slot: number): void {
    const { sockets } = this.aggregator;
    const counted = sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED);
    if (counted && !sockets.hasFlag(slot, SOCKET_FLAG.PREEXISTING)) {
      this.aggregator.missedCloses.closed(sockets.flowOf(slot));
    }
  }
}

/** Of a dump that no other goes on from. */
const ALONE: DumpAgreement = { generation: 0, unchanged: 0 };
const WHOLE: DumpRequest = { base: 0, again: new Uint32Array(0) };

/** Filled for each new socket, so that none costs an object. */
const SCRATCH = {} as unknown as NewSocket;

/** The timer of a FIN_WAIT2 mini-socket is not its release: when the peer's FIN comes, the kernel arms a fresh one. */
function entryState({ state }: DumpedSocket): number {
  return state === TIME_WAIT ? TIME_WAIT : FIN_WAIT2_MINI;
}

function flagsOf(lost: LostOwner | null, holder: Owner | null, accepted: boolean): number {
  let flags = accepted ? SOCKET_FLAG.OPEN_COUNTED : 0;
  if (lost !== null || holder !== null) flags |= SOCKET_FLAG.ATTRIBUTED;
  if (lost?.bound) flags |= SOCKET_FLAG.BOUND;
  return flags;
}
