/**
 * Sorting of rows as the contract says: `-field` descending, nulls last either way, ties by key. In: entries. Out: the first
 * `limit` of them, in order.
 */
import { PortchurnError } from '../protocol/errors.js';
import type { TableTopic } from '../protocol/frames.js';
import { fieldsOf, type Getter, getter, type Scalar } from './fields.js';
import type { Entry } from './row-store.js';
import { finish } from './turn.js';

export interface Order {
  readonly read: Getter;
  readonly descending: boolean;
}

interface Ranked {
  value: Scalar;
  entry: Entry;
}

/** The rows that matter most come first. A topic without an entry here is ordered by key. */
const DEFAULT_SORT: { [T in TableTopic]?: string } = {
  totals: '-timeWait',
  flows: '-portsHeld',
  budgets: '-used',
  failures: '-count',
  findings: 'rank',
};

export function defaultSort(topic: TableTopic): string {
  return DEFAULT_SORT[topic] ?? 'key';
}

export function isSortable(topic: TableTopic, sort: string): boolean {
  return fieldsOf(topic).has(sort.replace(/^-/, ''));
}

/** Throws USAGE for a field the topic does not have. */
export function parseOrder(topic: TableTopic, sort: string): Order {
  const path = sort.replace(/^-/, '');
  if (!isSortable(topic, sort)) {
    throw new PortchurnError('USAGE', `${topic} cannot be sorted by "${path}"`, {
      hint: `fields: ${[...fieldsOf(topic).keys()].join(', ')}`,
    });
  }
  return { read: getter(path), descending: sort.startsWith('-') };
}

/** Candidates between two places where the search can be interrupted. */
const SLICE = 512;

/** The first `limit` entries in order. A heap of `limit` keeps 100,000 candidates from being sorted whole. */
export function* firstInSlices(
  entries: Iterable<Entry>,
  order: Order,
  limit: number,
): Generator<void, Entry[]> {
  const compare = comparer(order.descending);
  const heap = new BoundedHeap(compare, limit);
  let offered = 0;
  for (const entry of entries) {
    heap.offer(order.read(entry.row), entry);
    if (++offered % SLICE === 0) yield;
  }
  return heap.items.sort(compare).map((item) => item.entry);
}

export function first(entries: Iterable<Entry>, order: Order, limit: number): Entry[] {
  return finish(firstInSlices(entries, order, limit));
}

type Compare = (a: Ranked, b: Ranked) => number;

function comparer(descending: boolean): Compare {
  return (a, b) => byValue(a.value, b.value, descending) || ascending(a.entry.row.key, b.entry.row.key);
}

function byValue(a: Scalar, b: Scalar, descending: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return descending ? ascending(b, a) : ascending(a, b);
}

function ascending<T extends string | number | boolean>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A bounded binary heap with the last-ranked item on top: a better item replaces it. */
class BoundedHeap {
  readonly items: Ranked[] = [];
  readonly #candidate = { value: null } as Ranked;

  constructor(
    private readonly compare: Compare,
    private readonly limit: number,
  ) {}

  /** Most candidates of a large table are not kept: they cost no allocation. */
  offer(value: Scalar, entry: Entry): void {
    if (this.items.length < this.limit) {
      this.items.push({ value, entry });
      if (this.items.length === this.limit) this.#heapify();
      return;
    }
    this.#candidate.value = value;
    this.#candidate.entry = entry;
    if (this.compare(this.#candidate, this.items[0]!) >= 0) return;
    this.items[0] = { value, entry };
    this.#siftDown(0);
  }

  #heapify(): void {
    for (let i = (this.items.length >> 1) - 1; i >= 0; i--) this.#siftDown(i);
  }

  #siftDown(at: number): void {
    for (let i = at, child = this.#lastRanked(i); child !== i; child = this.#lastRanked(i)) {
      [this.items[i], this.items[child]] = [this.items[child]!, this.items[i]!];
      i = child;
    }
  }

  /** Of `i` and its children the one that ranks last. */
  #lastRanked(i: number): number {
    let last = i;
    for (const child of [2 * i + 1, 2 * i + 2]) {
      const item = this.items[child];
      if (item && this.compare(item, this.items[last]!) > 0) last = child;
    }
    return last;
  }
}
