/**
 * All port budgets that hold a port. Found by the flow's own memory of the last source address it used, which nearly
 * always fits; else by key. Bounded: destinations beyond the limit have no budget row, and the namespace says how many.
 */
import { addressText } from '../../decode/address.js';
import { Budget } from '../model/budget.js';
import { type Destination, destinationText } from '../model/destination.js';
import type { Ends } from '../model/ends.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';

export class BudgetTable {
  private readonly budgets: (Budget | null)[] = [];
  private readonly free: number[] = [];
  private readonly byKey = new Map<string, Budget>();
  /** By namespace and destination: those that differ in their source alone. */
  private readonly byDestination = new Map<string, Budget[]>();
  private dirty: Budget[] = [];
  private gone: string[] = [];

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.byKey.size;
  }

  at(index: number): Budget {
    return this.budgets[index] as Budget;
  }

  all(): Iterable<Budget> {
    return this.byKey.values();
  }

  find(key: string): Budget | null {
    return this.byKey.get(key) ?? null;
  }

  /** All toward a destination from its namespace, in no order. */
  toward({ namespace, destination }: Pick<Flow, 'namespace' | 'destination'>): readonly Budget[] {
    return this.byDestination.get(placeOf(namespace, destination)) ?? [];
  }

  /** The budget of an outbound flow from a socket's source address; null when the table is full. */
  of(flow: Flow, socket: Ends): Budget | null {
    if (flow.destination.address === null) return null;
    const cached = flow.budget;
    if (cached !== null && cached.pins > 0 && sameSource(flow, socket)) return cached;
    flow.budget = this.named(flow, addressText(socket.localBytes));
    for (let i = 0; i < 4; i++) flow.budgetSource[i] = socket.localWord(i);
    return flow.budget;
  }

  /** As `of`, but null when nothing holds a port of it. */
  known(flow: Flow, socket: Ends): Budget | null {
    if (flow.destination.address === null) return null;
    const cached = flow.budget;
    if (cached !== null && cached.pins > 0 && sameSource(flow, socket)) return cached;
    return this.find(keyOf(flow, addressText(socket.localBytes)));
  }

  pin(budget: Budget): number {
    budget.pins += 1;
    return budget.index;
  }

  /** The last socket that points at it takes it along. */
  unpin(budget: Budget): void {
    budget.pins -= 1;
    if (budget.pins > 0) return;
    this.byKey.delete(budget.key);
    budget.namespace.budgets -= 1;
    this.leavePeers(budget);
    this.budgets[budget.index] = null;
    this.free.push(budget.index);
    this.gone.push(budget.key);
  }

  touch(budget: Budget): void {
    if (budget.dirty) return;
    budget.dirty = true;
    this.dirty.push(budget);
  }

  takeDirty(): Budget[] {
    const taken = this.dirty;
    this.dirty = [];
    for (const budget of taken) budget.dirty = false;
    return taken.filter((budget) => budget.pins > 0);
  }

  takeGone(): string[] {
    const taken = this.gone.filter((key) => !this.byKey.has(key));
    this.gone = [];
    return taken;
  }

  /** Forgets a budget that no socket came to point at. */
  drop(budget: Budget): void {
    if (budget.pins > 0) return;
    budget.pins = 1;
    this.unpin(budget);
  }

  private named(flow: Flow, source: string): Budget | null {
    const key = keyOf(flow, source);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.byKey.size >= this.limit) return null;
    const index = this.free.pop() ?? this.budgets.length;
    const budget = new Budget(index, key, flow.namespace, source, flow.destination);
    this.budgets[index] = budget;
    this.byKey.set(key, budget);
    budget.namespace.budgets += 1;
    this.joinPeers(budget);
    return budget;
  }

  private joinPeers(budget: Budget): void {
    const place = placeOf(budget.namespace, budget.destination);
    const peers = this.byDestination.get(place) ?? [];
    budget.peer = peers.length;
    peers.push(budget);
    if (budget.peer === 0) this.byDestination.set(place, peers);
  }

  /** The last one takes its place. */
  private leavePeers(budget: Budget): void {
    const place = placeOf(budget.namespace, budget.destination);
    const peers = this.byDestination.get(place) as Budget[];
    const last = peers.pop() as Budget;
    if (peers.length === 0) this.byDestination.delete(place);
    if (last === budget) return;
    peers[budget.peer] = last;
    last.peer = budget.peer;
  }
}

function keyOf({ namespace, destination }: Flow, source: string): string {
  const { address, port } = destination;
  return `${namespace.key}/${bracketed(source)}/${bracketed(address as string)}:${port}`;
}

function placeOf({ key }: Namespace, destination: Destination): string {
  return `${key}/${destinationText(destination)}`;
}

function sameSource(flow: Flow, socket: Ends): boolean {
  const source = flow.budgetSource;
  for (let i = 0; i < 4; i++) if (source[i] !== socket.localWord(i)) return false;
  return true;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
