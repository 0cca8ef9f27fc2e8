/**
 * The other end of connections whose destination's address is translated (DNAT): the client's socket and the server's share one end, the client's own
 * address and port, which such a translation leaves as it is. In: open connections without another end by their four numbers (peers.ts), and inbound
 * flows. Out: verdicts, one per connection: whose server it is, or that it leads elsewhere.
 *
 * The shared end alone is no proof: connect() takes one port for several destinations, and two networks may have the same addresses. So it counts for
 * nothing where another client of the machine has it or opened with that port at the time; where two servers have it; where the server's socket is not
 * of the time at which the client's opened. Then several must agree (tally.ts), since one may still agree by chance. docs/decisions/peers.md.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import { ESTABLISHED, isThere, SOCKET_FLAG, TIME_WAIT } from '../model/socket-state.js';
import { Tuple } from '../model/tuple.js';
import type { SocketTable } from '../tables/socket-table.js';
import { mayHold, type Pair } from './join.js';
import { isLoopback, KeptEnds } from './kept-ends.js';
import { ServerEnds } from './server-ends.js';

/** Connections that are looked at together, and of one flow. */
const MOST = 64;
const MOST_OF_FLOW = 8;
/** In one second. */
const SOCKETS = 65_536;
const LOOKUPS = 4000;
/** The server's accept() returns so long after connect() at the latest. One that is slower says nothing. */
const TOGETHER_NS = 50e6;
/** By then the server has accepted, and its events have come. */
const SETTLED_NS = 1e9;
/** Two clients with one port are not told apart by a server's socket of this time. */
const NEAR_NS = 200e6;

/** `server` null: it is not that of this flow's other connections. */
export type Verdict = Pair | { readonly client: Flow; readonly server: null };

class Candidate {
  /** As the client has them. */
  readonly ends = new KeptEnds();
  slot = -1;
  cookieLow = 0;
  cookieHigh = 0;
  flow: Flow | null = null;
  since = 0;
  /** No other client of the machine has its end, as far as the sockets have been gone through. */
  isAlone = true;
}

export class Translated {
  readonly servers = new ServerEnds();
  private readonly tuple = new Tuple();
  private readonly ends = new KeptEnds();
  private readonly pool = Array.from({ length: MOST }, () => new Candidate());
  private count = 0;
  /** How many of them have this local port. */
  private readonly ports = new Uint8Array(65_536);
  private nextSocket = 0;
  private lookups = 0;

  constructor(private readonly sockets: SocketTable) {}

  /** Whether an established socket is to be looked at. */
  wants(slot: number, flow: Flow): boolean {
    const { sockets, servers } = this;
    if (this.count === MOST || this.nextSocket > 0 || sockets.isFull) return false;
    if (sockets.hasFlag(slot, SOCKET_FLAG.SOUGHT) || flow.peer?.isExact) return false;
    return sockets.sinceOf(slot) < servers.since - SETTLED_NS && this.countOf(flow) < MOST_OF_FLOW;
  }

  /** @param ends of its connection, to be copied */
  take(slot: number, flow: Flow, ends: KeptEnds): void {
    if (isLoopback(ends.local) || isLoopback(ends.remote)) return;
    if (this.sockets.holderOf(this.tuple.of(ends, flow.namespace.cookie)) !== slot) return;
    const one = this.pool[this.count] as Candidate;
    this.count += 1;
    this.ports[ends.localPort] = (this.ports[ends.localPort] as number) + 1;
    one.ends.take(ends);
    one.slot = slot;
    [one.cookieLow, one.cookieHigh] = this.sockets.cookieOf(slot);
    one.flow = flow;
    one.since = this.sockets.sinceOf(slot);
    one.isAlone = true;
  }

  private countOf(flow: Flow): number {
    let count = 0;
    for (let at = 0; at < this.count; at++) if (this.pool[at]?.flow === flow) count += 1;
    return count;
  }

  /** Once a second: goes through a part of the sockets; when all have been seen, through those that are looked at. */
  *tick(): Generator<Verdict> {
    this.lookups = 0;
    if (this.count === 0 || !this.hasComparedAll()) return;
    for (let at = 0; at < this.count && this.lookups < LOOKUPS; at++) {
      const verdict = this.judge(this.pool[at] as Candidate);
      if (verdict !== null) yield verdict;
    }
    this.clear();
  }

  private clear(): void {
    for (let at = 0; at < this.count; at++) {
      const one = this.pool[at] as Candidate;
      this.ports[one.ends.localPort] = 0;
      one.flow = null;
    }
    this.count = 0;
    this.nextSocket = 0;
  }

  private hasComparedAll(): boolean {
    const { sockets, ports } = this;
    const end = Math.min(sockets.end, this.nextSocket + SOCKETS);
    for (let slot = this.nextSocket; slot < end; slot++)
      if (ports[sockets.portOf(slot)] !== 0) this.compare(slot);
    this.nextSocket = end;
    return end === sockets.end;
  }

  private compare(slot: number): void {
    const { sockets } = this;
    const state = sockets.stateOf(slot);
    if (!isThere(state) || state === TIME_WAIT) return;
    const flow = sockets.flowOf(slot);
    if (flow.direction === DIRECTION.IN) return;
    for (let at = 0; at < this.count; at++) {
      const one = this.pool[at] as Candidate;
      if (one.slot === slot || one.ends.localPort !== sockets.portOf(slot)) continue;
      if (this.mayBeSame(one, slot, flow)) one.isAlone = false;
    }
  }

  /**
   * Another client with the same end; or with the port alone, at the same time: a translation of its own address (SNAT) leaves the port as it is, and
   * may give it the address of the first one.
   */
  private mayBeSame(one: Candidate, slot: number, { destination, namespace }: Flow): boolean {
    const { sockets } = this;
    if (Math.abs(sockets.sinceOf(slot) - one.since) < NEAR_NS) return true;
    this.lookups += 1;
    if (destination.address === null || this.lookups >= LOOKUPS) return true;
    this.ends.take(one.ends);
    this.ends.remote.set(destination.words);
    this.ends.remotePort = destination.port;
    return sockets.holderOf(this.tuple.of(this.ends, namespace.cookie)) === slot;
  }

  private judge(one: Candidate): Verdict | null {
    const { sockets } = this;
    if (sockets.find(one.cookieLow, one.cookieHigh) !== one.slot) return null;
    if (sockets.stateOf(one.slot) !== ESTABLISHED || sockets.isFull) return null;
    sockets.note(one.slot, SOCKET_FLAG.SOUGHT);
    const client = sockets.flowOf(one.slot);
    const servers = this.serversOf(one);
    const [slot] = servers;
    if (slot === undefined) return { client, server: null };
    if (servers.length > 1 || !one.isAlone || !this.isTimed(one.slot) || !this.isTimed(slot)) return null;
    const server = sockets.flowOf(slot);
    const after = sockets.sinceOf(slot) - one.since;
    if (after >= TOGETHER_NS || server.owner.id === 0) return null;
    if (after < 0 || isAt(server, one.ends) || !mayHold(server.namespace, client))
      return { client, server: null };
    sockets.note(one.slot, SOCKET_FLAG.MET);
    return { client, server };
  }

  /** Sockets of servers that have the client's end as their remote one. */
  private serversOf({ ends }: Candidate): number[] {
    const found: number[] = [];
    this.ends.remote.set(ends.local);
    this.ends.remotePort = ends.localPort;
    for (const { namespace, destination } of this.servers.all()) {
      if (!namespace.isLiving) continue;
      this.ends.local.set(destination.words);
      this.ends.localPort = destination.port;
      this.lookups += 1;
      const slot = this.sockets.holderOf(this.tuple.of(this.ends, namespace.cookie));
      if (slot >= 0 && this.isServer(slot)) found.push(slot);
    }
    return found;
  }

  private isServer(slot: number): boolean {
    const state = this.sockets.stateOf(slot);
    if (!isThere(state) || state === TIME_WAIT) return false;
    return this.sockets.flowOf(slot).direction === DIRECTION.IN;
  }

  /** An event has said when it opened. */
  private isTimed(slot: number): boolean {
    const { sockets } = this;
    return sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED) && !sockets.hasFlag(slot, SOCKET_FLAG.PREEXISTING);
  }
}

/** The client's destination: nothing is translated. */
function isAt({ destination }: Flow, { remote, remotePort }: KeptEnds): boolean {
  return destination.port === remotePort && destination.words.every((word, at) => (word | 0) === remote[at]);
}
