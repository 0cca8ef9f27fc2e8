/**
 * Who answers at the destinations of this machine's connections, when that is a process of this machine. In: the tables, and a few closed
 * connections (closed-samples.ts); `tick` once a second. Out: the evidence on outbound flows, and what those to one place agree on (places.ts). All work is bounded per second, and none is done per event:
 * a part of the flows, a part of the sockets, a number of lookups.
 *
 * A connection has two sockets here when one has the same ends as the other in reverse: that is the whole proof, and no listener's address is ever
 * compared, since another machine may have it too. Where addresses are translated on the way there is no such pair: translated.ts while connections
 * are open, closed-pairs.ts when they have closed.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import { ESTABLISHED, isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { BudgetTable } from '../tables/budget-table.js';
import type { FailureTable } from '../tables/failure-table.js';
import type { FlowTable } from '../tables/flow-table.js';
import type { NamespaceTable } from '../tables/namespace-table.js';
import type { SocketTable } from '../tables/socket-table.js';
import type { ClosedPairs } from './closed-pairs.js';
import type { ClosedSample, ClosedSamples } from './closed-samples.js';
import { Evidence, type Sighting } from './evidence.js';
import { type Pair, PeerJoin } from './join.js';
import { KeptEnds } from './kept-ends.js';
import { keyOf, type Place, type Places } from './places.js';
import { Tallies } from './tally.js';
import { Translated, type Verdict } from './translated.js';

/** Looked at in one second. */
const FLOWS = 8192;
const SOCKETS = 65_536;
const LOOKUPS = 16_000;
/** Noted of one flow in one second. */
const CLIENT_SAMPLES = 2;
const SERVER_SAMPLES = 8;
/** Both ends close within this time; a server that keeps its half open for longer is found while connections live. */
const TOGETHER_NS = 50e6;

export interface PeerTables {
  readonly flows: FlowTable;
  readonly budgets: BudgetTable;
  readonly failures: { readonly table: FailureTable };
  readonly places: Places;
  readonly namespaces: NamespaceTable;
  readonly sockets: SocketTable;
  readonly connections: { readonly closedSamples: ClosedSamples; readonly closedPairs: ClosedPairs };
}

export class Peers {
  private readonly join: PeerJoin;
  private readonly translated: Translated;
  private readonly tallies = new Tallies();
  private readonly samples: ClosedSamples;
  private readonly ends = new KeptEnds();
  private nextFlow = 0;
  private nextSocket = 0;
  /** Ports that flows connect to: in the round before, and so far in this one. */
  private connected: ReadonlySet<number> = new Set();
  private connecting = new Set<number>();

  /** @param seesAll false: events of some sockets alone come, so that none is known to be the only one */
  constructor(
    private readonly tables: PeerTables,
    private readonly seesAll = true,
  ) {
    this.join = new PeerJoin(tables.namespaces, tables.sockets);
    this.translated = new Translated(tables.sockets);
    this.samples = tables.connections.closedSamples;
  }

  /** @param nowNs CLOCK_MONOTONIC. @param hasLost whether events of the last second were lost */
  tick(nowNs: number, hasLost = false): void {
    this.join.lookups = 0;
    for (const sample of this.samples.takeOlder())
      if (this.join.lookups < LOOKUPS) this.settle(sample, nowNs);
    this.ask(nowNs);
    this.samples.ports = this.commonPorts();
    this.meet(nowNs);
    for (const verdict of this.translated.tick()) this.take(verdict, nowNs);
    if (!this.seesAll) return;
    for (const verdict of this.tables.connections.closedPairs.tick(hasLost)) this.take(verdict, nowNs);
  }

  private take({ client, server }: Verdict, nowNs: number): void {
    if (server === null) this.tallies.known(client)?.contradicted();
    else this.metTranslated({ client, server }, nowNs);
  }

  private metTranslated(pair: Pair, nowNs: number): void {
    const tally = this.tallies.of(pair.client);
    tally.agree(pair.server);
    this.found(pair, { certain: false, tally }, nowNs);
  }

  /** One end of a connection has closed and left nothing: has the other one left an entry here, just then? */
  private settle({ flow: noted, ends, closedAt }: ClosedSample, nowNs: number): void {
    const flow = noted?.current;
    if (flow === undefined || flow.destination.address === null) return;
    const { sockets } = this.tables;
    const isServer = flow.direction === DIRECTION.IN;
    const pair = this.join.find(isServer ? this.ends.mirror(ends) : ends, flow, (slot) => {
      const isNear = Math.abs(sockets.sinceOf(slot) - closedAt) < TOGETHER_NS;
      return isTimeWait(sockets.stateOf(slot)) && isNear;
    });
    if (pair === null) {
      if (!isServer) this.missed(flow);
      return;
    }
    const certain = pair.client.namespace === pair.server.namespace;
    this.found(pair, { certain, tally: null }, nowNs);
  }

  private found({ client, server }: Pair, how: Pick<Sighting, 'certain' | 'tally'>, nowNs: number): void {
    if (server.owner.id === 0 || client.destination.address === null) return;
    client.peer ??= new Evidence();
    const { namespace, owner, destination } = server;
    client.peer.found({ namespace, owner, port: destination.port, opened: client.opened, nowNs, ...how });
    this.show(client);
  }

  private missed(flow: Flow): void {
    flow.peer?.missed();
    this.show(flow);
  }

  private show(flow: Flow): void {
    if (flow.peer?.hasChanged()) this.tables.flows.touch(flow);
  }

  /** Asks for samples of a part of the flows. */
  private ask(nowNs: number): void {
    const { flows } = this.tables;
    for (const flow of flows.part(this.nextFlow, FLOWS)) this.askOf(flow, nowNs);
    this.nextFlow += FLOWS;
    if (this.nextFlow < flows.end) return;
    this.nextFlow = 0;
    this.connected = this.connecting;
    this.connecting = new Set();
    this.translated.servers.turn(nowNs);
    this.showAnew(this.tables.places.turn());
  }

  /** Budgets and failures toward places of which something else is known now. */
  private showAnew(changed: ReadonlyMap<string, Place>): void {
    if (changed.size === 0) return;
    const { budgets, failures } = this.tables;
    for (const place of changed.values()) for (const budget of budgets.toward(place)) budgets.touch(budget);
    for (const failure of failures.table.all())
      if (changed.has(keyOf(failure.kind))) failures.table.touch(failure);
  }

  private askOf(flow: Flow, nowNs: number): void {
    if (flow.destination.port < 0) return;
    if (flow.direction === DIRECTION.IN) {
      flow.samples = SERVER_SAMPLES;
      this.translated.servers.hear(flow);
      return;
    }
    this.connecting.add(flow.destination.port);
    flow.peer?.age(flow.opened, nowNs);
    flow.samples = flow.peer?.isFresh(nowNs) ? 0 : CLIENT_SAMPLES;
    flow.isPaired = !flow.peer?.isExact;
    /* The process there may have ended, or be better known. */
    this.show(flow);
    this.tables.places.hear(flow);
  }

  private commonPorts(): ReadonlySet<number> {
    const common = new Set<number>();
    for (const { isLiving, listeners } of this.tables.namespaces.all()) {
      if (!isLiving) continue;
      for (const ports of [this.connected, this.connecting]) addCommon(common, ports, listeners);
    }
    return common;
  }

  /** Connections that are open at both ends now, in a part of the sockets. */
  private meet(nowNs: number): void {
    const { sockets } = this.tables;
    const end = Math.min(sockets.end, this.nextSocket + SOCKETS);
    let slot = this.nextSocket;
    for (; slot < end && this.join.lookups < LOOKUPS; slot++) {
      if (sockets.stateOf(slot) === ESTABLISHED) this.meetAt(slot, nowNs);
    }
    this.nextSocket = slot < sockets.end ? slot : 0;
  }

  private meetAt(slot: number, nowNs: number): void {
    const { sockets } = this.tables;
    const flow = sockets.flowOf(slot);
    if (flow.direction !== DIRECTION.OUT || flow.budget === null || flow.budget !== sockets.budgetOf(slot))
      return;
    if (sockets.hasFlag(slot, SOCKET_FLAG.MET)) {
      flow.peer?.again(flow.opened, nowNs);
      return;
    }
    const isExact = this.wants(flow, nowNs);
    const isTranslated = this.seesAll && this.translated.wants(slot, flow);
    if (!isExact && !isTranslated) return;
    this.ends.local.set(flow.budgetSource);
    this.ends.remote.set(flow.destination.words);
    this.ends.localPort = sockets.portOf(slot);
    this.ends.remotePort = flow.destination.port;
    if (isExact && this.meetExactly(flow, nowNs)) return;
    if (isTranslated) this.translated.take(slot, flow, this.ends);
  }

  private meetExactly(flow: Flow, nowNs: number): boolean {
    const { sockets } = this.tables;
    const pair = this.join.find(this.ends, flow, (one) => sockets.stateOf(one) === ESTABLISHED);
    if (pair !== null) this.found(pair, { certain: true, tally: null }, nowNs);
    return pair !== null;
  }

  private wants(flow: Flow, nowNs: number): boolean {
    return this.samples.ports.has(flow.destination.port) && !flow.peer?.isFresh(nowNs);
  }
}

/** By the smaller of the two: somebody may listen on every port, in many namespaces. */
function addCommon(
  to: Set<number>,
  ports: ReadonlySet<number>,
  listeners: ReadonlyMap<number, unknown>,
): void {
  if (ports.size < listeners.size) {
    for (const port of ports) if (listeners.has(port)) to.add(port);
  } else {
    for (const port of listeners.keys()) if (ports.has(port)) to.add(port);
  }
}
