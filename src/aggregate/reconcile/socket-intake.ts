/**
 * Takes a socket that a dump shows into the tables: what only the kernel has is added, timers and states are taken over, and an owner
 * that was not known is looked for. In: the sockets of a dump, one by one.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { Aggregator } from '../ingest/aggregator.js';
import { directionOf } from '../ingest/attribution.js';
import type { Flow } from '../model/flow.js';
import type { Owner } from '../model/owner.js';
import { EXPIRED, isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { NewSocket } from '../tables/socket-table.js';
import type { AuditRound } from './audit-round.js';
import { CLOSE, type DumpedSocket, entryState } from './dumped-socket.js';
import type { LostOwner } from './lost-owners.js';
import type { MissingSockets } from './missing-sockets.js';
import type { NamespaceDump } from './namespace-dump.js';

/** Which process holds the socket with this inode; asked where there are no events. */
export type HolderOf = (inode: number) => Owner | null;

export class SocketIntake {
  constructor(
    private readonly aggregator: Aggregator,
    private readonly round: AuditRound,
    private readonly missing: MissingSockets,
    private readonly holderOf: HolderOf,
  ) {}

  /** With its timer, its state and, as far as known, its owner. */
  take(socket: DumpedSocket, waiting: boolean): void {
    this.takeIn(socket, waiting);
    if (socket.isKept === true) this.keep(socket);
  }

  /** The dumper believes that the tables have it as the dump shows it; where they have not, it must show it again. */
  private keep({ cookieLow, cookieHigh }: DumpedSocket): void {
    const { sockets } = this.aggregator;
    const { namespace } = this.round.dump as NamespaceDump;
    const slot = sockets.find(cookieLow, cookieHigh);
    if (slot >= 0 && sockets.sinceOf(slot) < this.round.startedNs) sockets.keep(slot);
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
    sockets.markSeen(slot, this.round.number);
    sockets.release(slot);
    this.attribute(slot, socket);
    /* What an event said after the dump began is newer. */
    if (sockets.sinceOf(slot) >= this.round.startedNs) return;
    const before = sockets.stateOf(slot);
    if (waiting && !isTimeWait(before) && before !== EXPIRED) this.missing.closeMissed(slot);
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
    return this.round.startedNs + socket.expiresMs * 1e6;
  }

  /**
   * No event named it: it is older than the tracer, no process holds it, it is not accepted yet, or its events were lost.
   * In the last case the kernel has a record of its owner.
   */
  private add(socket: DumpedSocket, waiting: boolean): void {
    const { sockets, flows, budgets, attribution, missedCloses, takeovers } = this.aggregator;
    const { namespace } = this.round.dump as NamespaceDump;
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
    fresh.since = this.round.startedNs - 1;
    const slot = sockets.add(fresh);
    if (slot < 0) return;
    sockets.markSeen(slot, this.round.number);
    if (waiting) sockets.setDeadline(slot, this.deadlineOf(socket));
    if (accepted) missedCloses.accepted(flow);
    this.seen(flow);
    takeovers.claim(socket, flow, slot, fresh.since, this.isShown);
  }

  private readonly isShown = (slot: number): boolean => {
    const { sockets } = this.aggregator;
    if (sockets.seenBy(slot) === this.round.number) return true;
    return this.round.dump?.isDifference === true && sockets.hasFlag(slot, SOCKET_FLAG.KEPT);
  };

  private directionOf({ localPort }: DumpedSocket): number {
    const { listening, namespace } = this.round.dump as NamespaceDump;
    if (listening.has(localPort)) return DIRECTION.IN;
    return directionOf({ direction: DIRECTION.NONE, localPort }, namespace);
  }

  private seen(flow: Flow): void {
    const now = this.aggregator.unixMsAtZero + this.round.startedNs / 1e6;
    if (flow.firstSeen === 0) flow.firstSeen = now;
    flow.lastSeen = Math.max(flow.lastSeen, now);
  }
}

/** Filled for each new socket, so that none costs an object. */
const SCRATCH = {} as unknown as NewSocket;

function flagsOf(lost: LostOwner | null, holder: Owner | null, accepted: boolean): number {
  let flags = accepted ? SOCKET_FLAG.OPEN_COUNTED : 0;
  if (lost !== null || holder !== null) flags |= SOCKET_FLAG.ATTRIBUTED;
  if (lost?.bound) flags |= SOCKET_FLAG.BOUND;
  return flags;
}
