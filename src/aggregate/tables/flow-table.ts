/**
 * All flows. In: events and owners. Out: the flow an event counts for, and which flows changed or went since they were
 * last asked for. Bounded: when full, an owner's new flow is rolled up into the owner's flow without a known destination,
 * marked as such by null address and port, and when these are too many, into that of the namespace without a known owner;
 * totals stay exact.
 */
import { addressText } from '../../decode/address.js';
import { DIRECTION } from '../../decode/layout.js';
import { merged } from '../measure/quantiles.js';
import { type Destination, destinationText, directionName, NO_DESTINATION } from '../model/destination.js';
import { mayLack } from '../model/doubt.js';
import type { Ends } from '../model/ends.js';
import { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { ByOwner } from './by-owner.js';
import { FlowIndex, FlowQuery } from './flow-index.js';

/** Room beyond the limit for flows without destination, a share of it. */
const RESERVE = 0.1;

export class FlowTable {
  /** By index; null: free. A flow that was rolled up keeps its place while connections still point at it. */
  private readonly flows: (Flow | null)[] = [];
  private readonly free: number[] = [];
  private readonly index = new FlowIndex(this.flows);
  private readonly query = new FlowQuery();
  private readonly owned = new ByOwner<Flow, Flow>();
  private live = 0;
  private dirty: Flow[] = [];
  private gone: string[] = [];
  /** Unix ms, 0: never. */
  private doubtedAt = 0;
  /** What is known of these changed: their rows are touched when changes are asked for, however often it changed. */
  private readonly changedOwners = new Set<Owner>();
  private readonly changedNamespaces = new Set<Namespace>();

  /** @param unknown owner of what does not fit */
  constructor(
    private readonly limit: number,
    private readonly unknown: Owner,
  ) {}

  get size(): number {
    return this.live;
  }

  /** By the index that a cookie table holds. */
  at(index: number): Flow {
    return (this.flows[index] as Flow).current;
  }

  *all(): Iterable<Flow> {
    for (const flow of this.flows) if (flow !== null && flow.rolledUpInto === null) yield flow;
  }

  /** Of `count` places from this one on. */
  *part(from: number, count: number): Iterable<Flow> {
    for (const flow of this.flows.slice(from, from + count))
      if (flow !== null && flow.rolledUpInto === null) yield flow;
  }

  /** Places there are, for `part`. */
  get end(): number {
    return this.flows.length;
  }

  ownedBy(owner: Owner): Iterable<Flow> {
    return this.owned.rowsOf(owner);
  }

  /** The flow of a connection: inbound by its local end, outbound by its remote one. */
  ofEnds(ends: Ends, namespace: Namespace, owner: Owner, direction: number): Flow {
    const { query } = this;
    const inbound = direction === DIRECTION.IN;
    query.namespace = namespace;
    query.owner = owner;
    query.direction = direction;
    query.w0 = inbound ? ends.localWord(0) : ends.remoteWord(0);
    query.w1 = inbound ? ends.localWord(1) : ends.remoteWord(1);
    query.w2 = inbound ? ends.localWord(2) : ends.remoteWord(2);
    query.w3 = inbound ? ends.localWord(3) : ends.remoteWord(3);
    query.port = inbound ? ends.localPort : ends.remotePort;
    return this.index.find(query) ?? this.admit(destinationOf(ends, query));
  }

  /** The flow of an owner toward a known destination, or without one. */
  of(namespace: Namespace, owner: Owner, direction: number, destination: Destination = NO_DESTINATION): Flow {
    const { query } = this;
    query.namespace = namespace;
    query.owner = owner;
    query.direction = direction;
    [query.w0, query.w1, query.w2, query.w3] = destination.words;
    query.port = destination.port;
    return this.index.find(query) ?? this.admit(destination);
  }

  /** The flow without a known destination, if there is one. */
  find(namespace: Namespace, owner: Owner, direction: number): Flow | null {
    const { query } = this;
    query.namespace = namespace;
    query.owner = owner;
    query.direction = direction;
    query.w0 = query.w1 = query.w2 = query.w3 = 0;
    query.port = NO_DESTINATION.port;
    return this.index.find(query);
  }

  /** Adds one flow's counts to another and forgets it. Live connections that point at it are followed on. */
  rollUp(from: Flow, into: Flow): void {
    this.index.remove(this.query.of(from));
    into.absorb(from);
    into.lifetimes = merged(into.lifetimes, from.lifetimes);
    into.connects = merged(into.connects, from.connects);
    from.lifetimes = null;
    from.connects = null;
    this.owned.remove(from.owner, from);
    this.live -= 1;
    this.gone.push(from.key);
    this.touch(into);
    this.release(from);
  }

  /** Forgets a flow that counted nothing and that nothing points at. */
  drop(flow: Flow): void {
    this.index.remove(this.query.of(flow));
    this.owned.remove(flow.owner, flow);
    this.live -= 1;
    this.gone.push(flow.key);
    this.flows[flow.index] = null;
    this.free.push(flow.index);
  }

  /** A connection no longer points at `flow` (as stored, not as rolled up). */
  unpin(index: number): void {
    const flow = this.flows[index] as Flow;
    flow.pins -= 1;
    this.release(flow);
  }

  pin(flow: Flow): number {
    flow.pins += 1;
    return flow.index;
  }

  /** What is known of a namespace changed, as its rows show it. */
  touchAll(namespace: Namespace): void {
    this.changedNamespaces.add(namespace);
  }

  /** All may lack events, and so may later ones whose owners were there by now. */
  doubt(unixMs: number): void {
    this.doubtedAt = unixMs;
    for (const flow of this.all()) {
      if (flow.doubted) continue;
      flow.doubted = true;
      this.touch(flow);
    }
  }

  touchOwnedBy(owner: Owner): void {
    if (owner.rows > 0) this.changedOwners.add(owner);
  }

  /** Marks a flow for the next publish. */
  touch(flow: Flow): void {
    if (flow.dirty) return;
    flow.dirty = true;
    this.dirty.push(flow);
  }

  /** Flows changed since the last call; their marks are cleared. */
  takeDirty(): Flow[] {
    this.touchChanged();
    const taken = this.dirty;
    this.dirty = [];
    for (const flow of taken) flow.dirty = false;
    return taken.filter((flow) => flow.rolledUpInto === null);
  }

  /** Keys of flows that went since the last call. */
  takeGone(): string[] {
    const taken = this.gone;
    this.gone = [];
    return taken;
  }

  private touchChanged(): void {
    for (const owner of this.changedOwners) for (const flow of this.ownedBy(owner)) this.touch(flow);
    this.changedOwners.clear();
    if (this.changedNamespaces.size === 0) return;
    for (const flow of this.all()) if (this.changedNamespaces.has(flow.namespace)) this.touch(flow);
    this.changedNamespaces.clear();
  }

  private hasRoomFor(owner: Owner, destination: Destination): boolean {
    if (this.live < this.limit) return true;
    if (destination !== NO_DESTINATION) return false;
    return owner === this.unknown || this.live < this.limit * (1 + RESERVE);
  }

  private admit(destination: Destination): Flow {
    const { namespace, owner, direction } = this.query;
    if (!this.hasRoomFor(owner, destination))
      return this.of(namespace, destination === NO_DESTINATION ? this.unknown : owner, direction);
    const index = this.free.pop() ?? this.flows.length;
    const key = [
      namespace.key,
      owner.key,
      directionName(direction) ?? '-',
      destinationText(destination),
    ].join('/');
    const flow = new Flow(index, key, namespace, owner, direction, destination);
    flow.doubted = mayLack(owner, this.doubtedAt);
    this.flows[index] = flow;
    this.index.insert(this.query.of(flow), flow);
    this.owned.add(owner, flow, flow);
    this.live += 1;
    return flow;
  }

  private release(flow: Flow): void {
    if (flow.rolledUpInto === null || flow.pins > 0 || this.flows[flow.index] !== flow) return;
    this.flows[flow.index] = null;
    this.free.push(flow.index);
  }
}

function destinationOf(ends: Ends, query: FlowQuery): Destination {
  const bytes = query.direction === DIRECTION.IN ? ends.localBytes : ends.remoteBytes;
  return { words: [query.w0, query.w1, query.w2, query.w3], address: addressText(bytes), port: query.port };
}
