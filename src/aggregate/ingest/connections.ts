/**
 * The life of a connection, from events to counts.
 *
 * Invariant: a connection is counted as opened once. An outbound open is sent at ESTABLISHED, and the close says so
 * (OPEN_SENT); an inbound one is sent when accept() returns, and the close of a connection without an event of its accept() counts both.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { DIRECTION, END, FLAG } from '../../decode/layout.js';
import { ConnectDurations } from '../measure/connect-durations.js';
import type { DurationPool } from '../measure/quantiles.js';
import { RATE } from '../measure/rates.js';
import { BUDGET_RATE, type Budget } from '../model/budget.js';
import { EADDRNOTAVAIL } from '../model/cause.js';
import type { Flow } from '../model/flow.js';
import {
  CLOSING,
  ESTABLISHED,
  FIN_WAIT1,
  FIN_WAIT2,
  FIN_WAIT2_MINI,
  SOCKET_FLAG,
  SUPERSEDED,
  SYN_SENT,
  TIME_WAIT,
} from '../model/socket-state.js';
import { ClosedPairs } from '../peers/closed-pairs.js';
import { ClosedSamples } from '../peers/closed-samples.js';
import type { BudgetTable } from '../tables/budget-table.js';
import type { FlowTable } from '../tables/flow-table.js';
import { RecentCookies } from '../tables/recent-cookies.js';
import type { NewSocket, SocketTable } from '../tables/socket-table.js';
import type { BoundOpens } from './bound-opens.js';
import { lostSyn } from './syn.js';
import type { Takeovers } from './takeovers.js';

/** TCP_TIMEWAIT_LEN, include/net/tcp.h: a constant. */
export const TIME_WAIT_NS = 60e9;
const { BOUND, OPEN_COUNTED, PREEXISTING, ATTRIBUTED, SOUGHT } = SOCKET_FLAG;

export class Connections {
  /** Of everybody's outbound connections. */
  readonly connectDurations = new ConnectDurations();
  /** Closed before anybody was seen to accept them: an accept that comes late must not count them again. */
  private readonly closedUnaccepted = new RecentCookies(4096);
  /** To look for their other ends. */
  readonly closedSamples = new ClosedSamples();
  readonly closedPairs = new ClosedPairs();
  private second = 0;

  constructor(
    private readonly sockets: SocketTable,
    private readonly flows: FlowTable,
    private readonly budgets: BudgetTable,
    private readonly durations: DurationPool,
    private readonly takeovers: Takeovers,
    private readonly boundOpens: BoundOpens,
  ) {}

  /** SYN_SENT: of a traced process, or of one whose SYN had to be sent again. */
  attempted(event: TcpEvent, flow: Flow): void {
    let slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    if (slot < 0) slot = this.sockets.add(this.describe(event, flow, SYN_SENT, 0));
    else this.adopt(slot, event, flow, SYN_SENT);
    this.claim(event, flow, slot);
  }

  opened(event: TcpEvent, flow: Flow): void {
    this.second = Math.floor(event.timeNs / 1e9);
    let slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    if (slot < 0) slot = this.sockets.add(this.describe(event, flow, ESTABLISHED, OPEN_COUNTED));
    else this.adopt(slot, event, flow, ESTABLISHED, OPEN_COUNTED);
    this.countOpen(flow);
    const budget = slot < 0 ? null : this.sockets.budgetOf(slot);
    if (budget !== null) this.openedFrom(budget, flow, event, event.timeNs);
    this.countConnect(event, flow);
    this.claim(event, flow, slot);
  }

  accepted(event: TcpEvent, flow: Flow): void {
    this.second = Math.floor(event.timeNs / 1e9);
    if (this.closedUnaccepted.has(event.cookieLow, event.cookieHigh)) return;
    let slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    const counted = slot >= 0 && this.sockets.hasFlag(slot, OPEN_COUNTED);
    if (slot < 0) slot = this.sockets.add(this.describe(event, flow, event.newState, OPEN_COUNTED));
    else this.adopt(slot, event, flow, event.newState, OPEN_COUNTED);
    /* Without room to remember that it was counted, its close will count it. */
    if (!counted && slot >= 0) this.countOpen(flow);
    this.claim(event, flow, slot);
  }

  /** A socket that some process held when the tracer started: a connection older than us, or an attempt at one. */
  seeded(event: TcpEvent, flow: Flow): void {
    const known = this.sockets.find(event.cookieLow, event.cookieHigh);
    if (known >= 0) {
      this.giveOwner(known, event, flow);
      return;
    }
    const slot = this.sockets.add(this.describe(event, flow, event.newState, 0));
    if (slot < 0) return;
    flow.preexisting += (event.flags & FLAG.PREEXISTING) !== 0 ? 1 : 0;
    this.claim(event, flow, slot);
  }

  failed(event: TcpEvent, flow: Flow): void {
    this.second = Math.floor(event.timeNs / 1e9);
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    if (slot >= 0) this.sockets.remove(slot);
    flow.failed += 1;
    flow.namespace.failed += 1;
    this.rate(flow, RATE.FAIL);
    if (hadPort(event)) this.claim(event, flow, -1);
  }

  /** A bind() found no port for a connection of this flow: none was tried, so that no attempt is counted. */
  lackedPort(event: TcpEvent, flow: Flow): void {
    flow.rates.add(RATE.FAIL, Math.floor(event.timeNs / 1e9));
    this.flows.touch(flow);
  }

  /**
   * Opened and closed between two drains of the ring: only the entry that it leaves has a place in the tables. One that is known by an
   * attempt or an audit goes the whole way.
   */
  coalesced(event: TcpEvent, flow: Flow): void {
    if (this.sockets.find(event.cookieLow, event.cookieHigh) >= 0) {
      if (flow.direction === DIRECTION.OUT) this.opened(event, flow);
      else this.accepted(event, flow);
      this.closed(event, flow);
      return;
    }
    this.second = Math.floor(event.timeNs / 1e9);
    this.countOpen(flow);
    this.countConnect(event, flow);
    this.countClose(event, flow);
    this.closedPairs.note(event, flow);
    const state = entryStateOf(event);
    const slot = state === 0 ? this.passedThrough(event, flow) : this.stayed(event, flow, state);
    this.claim(event, flow, slot);
  }

  private claim(event: TcpEvent, flow: Flow, slot: number): void {
    this.takeovers.claim(event, flow, slot, event.timeNs);
  }

  /** @param flow of the event; the socket's own flow is better known when it has one. Returns the one it counted for. */
  closed(event: TcpEvent, flow: Flow): Flow {
    this.second = Math.floor(event.timeNs / 1e9);
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    if (slot >= 0 && !this.sockets.hasFlag(slot, ATTRIBUTED))
      this.adopt(slot, event, flow, this.sockets.stateOf(slot));
    const owner = slot < 0 ? flow : this.sockets.flowOf(slot);
    if (this.isPreexisting(event, slot)) owner.preexisting += this.isKnownPreexisting(slot) ? 0 : 1;
    else this.countWholeLife(event, owner, slot);
    /* One that was judged while it was open says no more. */
    if (slot < 0 || !this.sockets.hasFlag(slot, SOUGHT)) this.closedPairs.note(event, owner);
    this.leave(event, owner, slot);
    return owner;
  }

  /** The kernel says so too of a socket whose state it has given up; one whose open was counted is not older than us. */
  private isPreexisting(event: TcpEvent, slot: number): boolean {
    if (this.isKnownPreexisting(slot)) return true;
    const isCounted = slot >= 0 && this.sockets.hasFlag(slot, OPEN_COUNTED);
    return !isCounted && (event.flags & FLAG.PREEXISTING) !== 0;
  }

  private isKnownPreexisting(slot: number): boolean {
    return slot >= 0 && this.sockets.hasFlag(slot, PREEXISTING);
  }

  private countWholeLife(event: TcpEvent, flow: Flow, slot: number): void {
    const counted = slot >= 0 && this.sockets.hasFlag(slot, OPEN_COUNTED);
    if (!counted && (event.flags & FLAG.OPEN_SENT) === 0) this.countMissedOpen(event, flow);
    this.countClose(event, flow);
  }

  private countMissedOpen(event: TcpEvent, flow: Flow): void {
    this.countOpen(flow);
    if ((event.flags & FLAG.OPEN_OVERFLOWED) !== 0) this.takeBackOverflowedOpen(flow);
    else this.closedUnaccepted.add(event.cookieLow, event.cookieHigh);
  }

  /** The open was counted in the owner's flow without a known destination; now the destination is known. */
  private takeBackOverflowedOpen(flow: Flow): void {
    const overflowed = this.flows.of(flow.namespace, flow.owner, flow.direction);
    overflowed.opened -= 1;
    flow.namespace.opened -= 1;
    this.flows.touch(overflowed);
  }

  private countOpen(flow: Flow): void {
    flow.opened += 1;
    flow.namespace.opened += 1;
    this.rate(flow, RATE.OPEN);
  }

  private countConnect(event: TcpEvent, flow: Flow): void {
    if (event.connectUs === 0) return;
    if (lostSyn(event)) flow.slowConnects += 1;
    this.connectDurations.add(event.connectUs);
    flow.connects ??= this.durations.take();
    flow.connects?.add(event.connectUs, this.second);
  }

  private countClose(event: TcpEvent, flow: Flow): void {
    if (flow.samples > 0) this.closedSamples.note(event, flow);
    flow.closed += 1;
    flow.namespace.closed += 1;
    flow.bytesSent += event.bytesSent;
    flow.bytesReceived += event.bytesReceived;
    if ((event.flags & FLAG.CLOSED_FIRST) !== 0) flow.closedFirst += 1;
    else if (wasFirst(event)) this.countIncomplete(flow);
    this.rate(flow, RATE.CLOSE);
    if (event.durationNs === 0) return;
    flow.lifetimes ??= this.durations.take();
    flow.lifetimes?.add(event.durationNs / 1000, this.second);
  }

  private countIncomplete(flow: Flow): void {
    flow.incompleteCloses += 1;
    flow.namespace.lowerBound = true;
  }

  /** Its port was taken and given back; a budget that nothing else holds a port of has no row that could show it. */
  private passedThrough(event: TcpEvent, flow: Flow): -1 {
    this.sockets.noteGone(event.cookieLow, event.cookieHigh);
    const budget = flow.direction === DIRECTION.OUT ? this.budgets.known(flow, event) : null;
    if (budget === null) return -1;
    this.tookPort(budget, flow, event);
    this.budgets.touch(budget);
    return -1;
  }

  /** The slot of its entry, or -1 when there is no room. */
  private stayed(event: TcpEvent, flow: Flow, state: number): number {
    const slot = this.sockets.add(this.describe(event, flow, state, OPEN_COUNTED));
    if (slot < 0) return slot;
    this.sockets.setDeadline(slot, deadlineOf(event, state));
    const budget = this.sockets.budgetOf(slot);
    if (budget === null) return slot;
    this.tookPort(budget, flow, event);
    budget.rates.add(BUDGET_RATE.WAIT, this.second);
    return slot;
  }

  /** Of a life that was short: opened and closed. */
  private tookPort(budget: Budget, flow: Flow, event: TcpEvent): void {
    this.openedFrom(budget, flow, event, event.timeNs - event.durationNs);
    budget.rates.add(BUDGET_RATE.CLOSE, this.second);
  }

  private openedFrom(budget: Budget, flow: Flow, event: TcpEvent, atNs: number): void {
    const bound = wasBound(event);
    budget.open(atNs / 1e6, bound);
    if (bound) this.boundOpens.note(flow, budget);
  }

  /** What stays of it: a TIME_WAIT entry, or nothing. */
  private leave(event: TcpEvent, flow: Flow, slot: number): void {
    this.drew(slot, BUDGET_RATE.CLOSE);
    const state = this.isSuperseded(slot) ? 0 : entryStateOf(event);
    const entry = state === 0 ? this.vanish(event, slot) : this.becomeEntry(event, flow, slot, state);
    /* One that was in the table has its tuple since it opened. */
    if (slot < 0) this.claim(event, flow, entry);
  }

  private isSuperseded(slot: number): boolean {
    return slot >= 0 && this.sockets.stateOf(slot) === SUPERSEDED;
  }

  private vanish(event: TcpEvent, slot: number): -1 {
    if (slot >= 0) this.sockets.remove(slot);
    else this.sockets.noteGone(event.cookieLow, event.cookieHigh);
    return -1;
  }

  /** The slot of the entry, or -1 when there is no room. */
  private becomeEntry(event: TcpEvent, flow: Flow, slot: number, state: number): number {
    const entry = slot < 0 ? this.sockets.add(this.describe(event, flow, state, 0)) : slot;
    if (entry < 0) return entry;
    this.sockets.setState(entry, state, event.timeNs, deadlineOf(event, state));
    this.drew(entry, BUDGET_RATE.WAIT);
    return entry;
  }

  /** It became known without an owner between the tracer's start and the seeds. */
  private giveOwner(slot: number, event: TcpEvent, flow: Flow): void {
    if (this.sockets.hasFlag(slot, ATTRIBUTED)) return;
    this.sockets.setFlow(slot, flow);
    this.sockets.setFlag(slot, flagsOf(event, flow) & ~PREEXISTING);
  }

  /** A socket that an audit or an attempt made known is described by an event. */
  private adopt(slot: number, event: TcpEvent, flow: Flow, state: number, flags = 0): void {
    this.sockets.setFlow(slot, flow);
    this.sockets.setFlag(slot, flagsOf(event, flow) | flags);
    this.sockets.setState(slot, state, event.timeNs);
  }

  private describe(event: TcpEvent, flow: Flow, state: number, flags: number): NewSocket {
    const socket = SCRATCH;
    socket.low = event.cookieLow;
    socket.high = event.cookieHigh;
    socket.flow = flow;
    socket.budget = this.budgetOf(event, flow);
    socket.localPort = event.localPort;
    socket.state = state;
    socket.flags = flagsOf(event, flow) | flags;
    socket.since = event.timeNs;
    return socket;
  }

  private budgetOf(event: TcpEvent, flow: Flow): Budget | null {
    return flow.direction === DIRECTION.OUT ? this.budgets.of(flow, event) : null;
  }

  /** Something happened to a port of the socket's budget. */
  private drew(slot: number, kind: number): void {
    if (slot >= 0) this.sockets.budgetOf(slot)?.rates.add(kind, this.second);
  }

  private rate(flow: Flow, kind: number): void {
    flow.rates.add(kind, this.second);
    flow.namespace.rates.add(kind, this.second);
  }
}

/** Filled for each new socket, so that none costs an object. */
const SCRATCH = {
  low: 0,
  high: 0,
  budget: null,
  localPort: 0,
  state: 0,
  flags: 0,
  since: 0,
} as unknown as NewSocket;

function flagsOf(event: TcpEvent, flow: Flow): number {
  let flags = flow.owner.id === 0 ? 0 : ATTRIBUTED;
  if (wasBound(event)) flags |= BOUND;
  if ((event.flags & FLAG.PREEXISTING) !== 0) flags |= PREEXISTING;
  return flags;
}

function wasBound({ flags }: TcpEvent): boolean {
  return (flags & FLAG.BOUND_BEFORE) !== 0;
}

/** Only an end that sent its FIN first comes into these states. */
function wasFirst({ oldState }: TcpEvent): boolean {
  return oldState === FIN_WAIT1 || oldState === FIN_WAIT2 || oldState === CLOSING;
}

/** A failed attempt that got as far as to take a port, and with it the TIME_WAIT entry that had it. */
function hadPort({ err, oldState }: TcpEvent): boolean {
  return oldState === SYN_SENT && err !== EADDRNOTAVAIL;
}

/** Of the entry that a close left; 0: none. */
function entryStateOf({ end }: TcpEvent): number {
  if (end === END.FIN_WAIT2) return FIN_WAIT2_MINI;
  return end === END.TIME_WAIT ? TIME_WAIT : 0;
}

/**
 * A FIN_WAIT2 mini-socket becomes TIME_WAIT with a fresh 60 s when the peer's FIN comes, which is usually at once and has
 * no event: until an audit says otherwise it is expected to stay that long.
 */
function deadlineOf(event: TcpEvent, state: number): number {
  const lifetime = event.twLifetimeMs * 1e6;
  return event.timeNs + (state === TIME_WAIT && lifetime > 0 ? lifetime : TIME_WAIT_NS);
}
