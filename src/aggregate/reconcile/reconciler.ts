/**
 * The kernel's own list of sockets against ours: what it has and we lack is added, what we have and it lacks is taken
 * away, timers and states are taken over. Called with a dump of each namespace, in slices; then `sweep` in slices.
 * Only what was there before the dump began can be declared gone by it.
 */
import { DIRECTION } from '../../decode/layout.js';
import { parseNetstat } from '../../system/parse/netstat.js';
import { parseSysctls, SYSCTL_FILES, type SysctlTexts } from '../../system/sysctl.js';
import { type Aggregator, directionOf } from '../ingest/aggregator.js';
import type { Ends } from '../model/ends.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import {
  EXPIRED,
  FIN_WAIT2_MINI,
  isTimeWait,
  LISTEN,
  type NewSocket,
  SOCKET_FLAG,
  TIME_WAIT,
} from '../tables/socket-table.js';
import type { LostOwner } from './lost-owners.js';
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
}

/** A state is told in a byte. */
const STATES = 256;
const SYN_RECV = 3;
/** Caught while it changed, to what is not known. */
const CLOSE = 7;
const BOUND_INACTIVE = 13;
const TIMER_TIME_WAIT = 3;
/** An expired entry that no audit can confirm is let go after this, ns. */
const EXPIRED_KEEP_NS = 15e9;

export class Reconciler {
  private round = 0;
  private namespace: Namespace | null = null;
  private startedNs = 0;
  /** Sockets of the dump by state. */
  private readonly states = new Uint32Array(STATES);
  private listening = new Set<number>();
  private idleBound = new Set<number>();
  /** Namespaces whose dump of this round is complete, with the time it began. */
  private readonly complete = new Map<Namespace, number>();

  constructor(
    private readonly aggregator: Aggregator,
    private readonly folds: OverflowCounters,
    /** While nothing else tells whose a socket is: who holds the one with this inode. */
    private readonly holderOf: (inode: number) => Owner | null = () => null,
  ) {}

  /** Before the first dump of a round, once every earlier event has been counted. */
  beginRound(): void {
    this.round += 1;
    this.complete.clear();
    this.aggregator.sockets.beginAudit();
    this.folds.beginAudit();
  }

  begin(cookie: number, inode: number, startedNs: number): void {
    this.namespace = this.aggregator.namespaces.of(cookie, inode);
    this.startedNs = startedNs;
    this.states.fill(0);
    this.listening = new Set();
    this.idleBound = new Set();
  }

  socket(socket: DumpedSocket): void {
    const { state } = socket;
    const waiting = socket.timer === TIMER_TIME_WAIT;
    const shown = waiting ? TIME_WAIT : state;
    this.states[shown] = (this.states[shown] as number) + 1;
    if (state === LISTEN) this.listen(socket);
    else if (state === BOUND_INACTIVE) this.idleBound.add(socket.localPort);
    else if (state !== SYN_RECV) this.join(socket, waiting);
  }

  private listen({ localPort, inode = 0 }: DumpedSocket): void {
    this.listening.add(localPort);
    const holder = this.holderOf(inode);
    if (holder !== null) this.namespace?.listeners.set(localPort, holder);
  }

  /** Settings and counters of the namespace, as text by file name. */
  facts(texts: SysctlTexts, netstat: string | null): void {
    if (this.namespace === null) return;
    this.namespace.sysctls = parseSysctls(texts);
    this.namespace.timeWaitOverflow =
      netstat === null ? null : (parseNetstat(netstat).TcpExt?.TCPTimeWaitOverflow ?? null);
  }

  /** @param complete the dump showed everything */
  end(complete: boolean): void {
    const { namespace } = this;
    if (namespace === null || !complete) return;
    if (namespace.states === null) this.aggregator.flows.touchAll(namespace);
    namespace.states = new Map([...this.states.entries()].filter(([, count]) => count > 0));
    this.takeListeners(namespace);
    namespace.idleBound = this.idleBound;
    namespace.auditedAt = this.startedNs;
    namespace.portsChanged();
    this.complete.set(namespace, this.startedNs);
  }

  private takeListeners(namespace: Namespace): void {
    const { listeners } = namespace;
    for (const port of listeners.keys()) if (!this.listening.has(port)) listeners.delete(port);
    for (const port of this.listening) if (!listeners.has(port)) listeners.set(port, null);
  }

  /** Takes away what the dumps did not show, `count` slots from `from`; returns where to go on, -1 at the end. */
  sweep(from: number, count: number): number {
    const { sockets } = this.aggregator;
    const end = Math.min(sockets.end, from + count);
    for (let slot = from; slot < end; slot++) if (sockets.stateOf(slot) !== 0) this.inspect(slot);
    return end < sockets.end ? end : -1;
  }

  endRound(): void {
    this.folds.endAudit((namespace) => this.complete.has(namespace));
    this.aggregator.sockets.endAudit();
    this.aggregator.lost.endAudit();
    this.namespace = null;
  }

  /** The namespace is no more, and so is every socket of it. */
  forget(namespace: Namespace): void {
    const { sockets } = this.aggregator;
    for (let slot = 0; slot < sockets.end; slot++) {
      if (sockets.stateOf(slot) !== 0 && sockets.flowOf(slot).namespace === namespace) sockets.remove(slot);
    }
    this.aggregator.namespaces.delete(namespace);
  }

  private join(socket: DumpedSocket, waiting: boolean): void {
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

  /** An earlier audit found it ownerless, before we heard whose it is. */
  private isMisplaced(slot: number, { cookieLow, cookieHigh }: DumpedSocket): boolean {
    const { sockets, lost } = this.aggregator;
    if (sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED) || sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED))
      return false;
    return lost.of(cookieLow, cookieHigh) !== null;
  }

  private confirm(slot: number, socket: DumpedSocket, waiting: boolean): void {
    const { sockets } = this.aggregator;
    sockets.markSeen(slot, this.round);
    this.attribute(slot, socket);
    /* An event after the dump began knows better. */
    if (sockets.sinceOf(slot) >= this.startedNs) return;
    const before = sockets.stateOf(slot);
    if (waiting && !isTimeWait(before) && before !== EXPIRED) this.closeLost(slot);
    if (waiting) this.takeTimer(slot, socket);
    else if (socket.state !== CLOSE) sockets.setState(slot, socket.state, sockets.sinceOf(slot));
  }

  /** It was new when its holder was last looked for. */
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

  /** A FIN_WAIT2 mini-socket's timer is not its release: the peer's FIN will give it a fresh one. */
  private takeTimer(slot: number, socket: DumpedSocket): void {
    const { sockets } = this.aggregator;
    const state = socket.state === TIME_WAIT ? TIME_WAIT : FIN_WAIT2_MINI;
    sockets.setState(slot, state, sockets.sinceOf(slot), this.deadlineOf(socket));
  }

  private deadlineOf(socket: DumpedSocket): number {
    return this.startedNs + socket.expiresMs * 1e6;
  }

  /**
   * Nobody told us of it: older than the tracer, in no process's hands, not accepted yet, or its events were lost; then
   * the kernel kept its owner aside. A live inbound one is the listener's so far.
   */
  private add(socket: DumpedSocket, waiting: boolean): void {
    const { sockets, flows, budgets, processes } = this.aggregator;
    const namespace = this.namespace as Namespace;
    const lost = this.aggregator.lost.of(socket.cookieLow, socket.cookieHigh);
    const direction = lost?.direction || this.directionOf(socket);
    const listener = waiting
      ? null
      : namespace.listeners.get(direction === DIRECTION.IN ? socket.localPort : -1);
    const holder = this.holderOf(socket.inode ?? 0);
    const owner = lost?.owner ?? holder ?? listener ?? processes.unknown;
    const flow = flows.ofEnds(socket, namespace, owner, direction).current;
    const fresh = SCRATCH;
    fresh.low = socket.cookieLow;
    fresh.high = socket.cookieHigh;
    fresh.flow = flow;
    fresh.budget = direction === DIRECTION.OUT ? budgets.of(flow, socket) : null;
    fresh.localPort = socket.localPort;
    fresh.state = waiting ? (socket.state === TIME_WAIT ? TIME_WAIT : FIN_WAIT2_MINI) : socket.state;
    const accepted = !waiting && lost?.accepted === true;
    fresh.flags =
      flagsOf(lost) |
      (accepted ? SOCKET_FLAG.OPEN_COUNTED : 0) |
      (holder === null ? 0 : SOCKET_FLAG.ATTRIBUTED);
    fresh.since = this.startedNs - 1;
    const slot = sockets.add(fresh);
    if (slot < 0) return;
    sockets.markSeen(slot, this.round);
    if (waiting) sockets.setDeadline(slot, this.deadlineOf(socket));
    if (accepted) this.aggregator.missedCloses.accepted(flow);
    this.seen(flow);
  }

  private directionOf(socket: DumpedSocket): number {
    if (this.listening.has(socket.localPort)) return DIRECTION.IN;
    return directionOf(
      { direction: DIRECTION.NONE, localPort: socket.localPort },
      this.namespace as Namespace,
    );
  }

  private seen(flow: Flow): void {
    const now = this.aggregator.unixMsAtZero + this.startedNs / 1e6;
    if (flow.firstSeen === 0) flow.firstSeen = now;
    flow.lastSeen = Math.max(flow.lastSeen, now);
  }

  private inspect(slot: number): void {
    const { sockets } = this.aggregator;
    const started = this.complete.get(sockets.flowOf(slot).namespace);
    const state = sockets.stateOf(slot);
    if (started === undefined) {
      if (state === EXPIRED && this.startedNs - sockets.deadlineOf(slot) > EXPIRED_KEEP_NS)
        sockets.remove(slot);
      return;
    }
    if (sockets.seenBy(slot) === this.round || sockets.sinceOf(slot) >= started) return;
    if (!isTimeWait(state) && state !== EXPIRED) this.closeLost(slot);
    sockets.remove(slot);
  }

  /** Its close had no event; if its open was counted, so is its close. */
  private closeLost(slot: number): void {
    const { sockets } = this.aggregator;
    const counted = sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED);
    if (counted && !sockets.hasFlag(slot, SOCKET_FLAG.PREEXISTING)) {
      this.aggregator.missedCloses.closed(sockets.flowOf(slot));
    }
  }
}

const SCRATCH = {} as unknown as NewSocket;

function flagsOf(lost: LostOwner | null): number {
  if (lost === null) return 0;
  return SOCKET_FLAG.ATTRIBUTED | (lost.bound ? SOCKET_FLAG.BOUND : 0);
}

/** The texts of one namespace, gathered until its end. */
export function emptyTexts(): SysctlTexts {
  return Object.fromEntries(SYSCTL_FILES.map((name) => [name, null])) as SysctlTexts;
}
