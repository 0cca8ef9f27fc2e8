/**
 * Finds a flow by (namespace, owner, direction, destination) without building a key: open addressing over the flows'
 * indexes. One search per opened connection; no allocation.
 */
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';

const FIRST_SLOTS = 1024;
/** Chosen anew by each process: whoever chooses destinations must not be able to choose ones that collide. */
const SEEDS = Array.from({ length: 6 }, () => Math.floor(Math.random() * 2 ** 32) | 1);
const [S0, S1, S2, S3, S4, S5] = SEEDS as [number, number, number, number, number, number];
/** Marks a slot whose flow was removed: probes go on, inserts may use it. */
const REMOVED = -1;

/** What is searched for; filled anew for each search. */
export class FlowQuery {
  namespace!: Namespace;
  owner!: Owner;
  direction = 0;
  w0 = 0;
  w1 = 0;
  w2 = 0;
  w3 = 0;
  port = 0;

  matches(flow: Flow): boolean {
    const { words, port } = flow.destination;
    return (
      flow.owner === this.owner &&
      port === this.port &&
      words[3] === this.w3 &&
      words[2] === this.w2 &&
      words[1] === this.w1 &&
      words[0] === this.w0 &&
      flow.direction === this.direction &&
      flow.namespace === this.namespace
    );
  }

  hash(): number {
    let hash = mixed(this.owner.id ^ S5, S0);
    hash = mixed(hash ^ this.port ^ (this.direction << 16), S1);
    hash = mixed(hash ^ this.w3, S2);
    hash = mixed(hash ^ this.w2, S3);
    hash = mixed(hash ^ this.w1, S4);
    hash = mixed(hash ^ this.w0 ^ this.namespace.inode, S5);
    return hash >>> 0;
  }

  of(flow: Flow): this {
    const { words, port } = flow.destination;
    this.namespace = flow.namespace;
    this.owner = flow.owner;
    this.direction = flow.direction;
    this.w0 = words[0];
    this.w1 = words[1];
    this.w2 = words[2];
    this.w3 = words[3];
    this.port = port;
    return this;
  }
}

function mixed(value: number, seed: number): number {
  const hash = Math.imul(value ^ (value >>> 16), seed);
  return hash ^ (hash >>> 15);
}

export class FlowIndex {
  /** Index + 1 of a flow; 0 never used. */
  private slots = new Int32Array(FIRST_SLOTS);
  private filled = 0;

  constructor(private readonly flows: readonly (Flow | null)[]) {}

  find(query: FlowQuery): Flow | null {
    const mask = this.slots.length - 1;
    for (let slot = query.hash() & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const flow = this.flowIn(slot);
      if (flow !== null && query.matches(flow)) return flow;
    }
    return null;
  }

  /** The flow must not be in yet. */
  insert(query: FlowQuery, flow: Flow): void {
    if ((this.filled + 1) * 2 > this.slots.length) this.rebuild();
    const mask = this.slots.length - 1;
    let slot = query.hash() & mask;
    while ((this.slots[slot] as number) > 0) slot = (slot + 1) & mask;
    if (this.slots[slot] === 0) this.filled += 1;
    this.slots[slot] = flow.index + 1;
  }

  remove(query: FlowQuery): void {
    const mask = this.slots.length - 1;
    for (let slot = query.hash() & mask; this.slots[slot] !== 0; slot = (slot + 1) & mask) {
      const flow = this.flowIn(slot);
      if (flow === null || !query.matches(flow)) continue;
      this.slots[slot] = REMOVED;
      return;
    }
  }

  private flowIn(slot: number): Flow | null {
    const index = (this.slots[slot] as number) - 1;
    return index < 0 ? null : (this.flows[index] ?? null);
  }

  /** Twice the room for what is really in; removed marks go. */
  private rebuild(): void {
    const old = this.slots;
    const live = old.filter((entry) => entry > 0).length;
    let size = FIRST_SLOTS;
    while (size < live * 4) size *= 2;
    this.slots = new Int32Array(size);
    this.filled = 0;
    const query = new FlowQuery();
    for (const entry of old) {
      const flow = entry > 0 ? this.flows[entry - 1] : null;
      if (flow) this.insert(query.of(flow), flow);
    }
  }
}
