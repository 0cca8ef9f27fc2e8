/**
 * One table as some clients want it: filtered, grouped, sorted, limited. Equal subscriptions and HTTP requests share one
 * View, which is brought up to date once per publish tick and serialises each frame's tail once, whoever gets it.
 * Enters: the store's changes. Leaves: frame tails (everything behind a client's own head). Called by tables.ts and hub.ts.
 */
import type { AnyRow, Group, Other, TableTopic } from '../protocol/frames.js';
import { EntryPool } from './entry-pool.js';
import { Grouping } from './group.js';
import { first, type Order } from './order.js';
import type { Entry, EntryChange, RowStore } from './row-store.js';
import { RowVersions } from './row-versions.js';

export interface ViewSpec {
  readonly topic: TableTopic;
  readonly matches: (row: AnyRow) => boolean;
  readonly order: Order;
  readonly limit: number;
  readonly group: Group | null;
}

/** The publish tick: number and Unix ms. */
export interface Tick {
  seq: number;
  time: number;
}

/** Clients in step ask for the same difference; a few others may be kept beside it. */
const MAX_TAILS = 8;

export class View {
  total = 0;
  other: Other = null;
  readonly #matching: EntryPool;
  readonly #grouping: Grouping | null;
  readonly #ledger: RowVersions;
  #tick: Tick;
  /** Tick of the last change that a client can see. */
  #changedAt: number;
  #snapshot: string | null = null;
  readonly #deltas = new Map<number, string | null>();

  /** Equal views have equal names. */
  constructor(
    readonly name: string,
    readonly spec: ViewSpec,
    store: RowStore,
    tick: Tick,
  ) {
    this.#tick = tick;
    this.#changedAt = tick.seq;
    this.#grouping = spec.group && new Grouping(spec.group);
    this.#matching = new EntryPool(spec.topic);
    this.#ledger = new RowVersions(tick.seq);
    this.refresh(
      [...store.entries].map(([key, entry]) => ({ key, entry })),
      tick,
    );
  }

  /** Takes the store's changes of this tick. */
  refresh(changed: readonly EntryChange[], tick: Tick): void {
    this.#tick = tick;
    this.#snapshot = null;
    this.#deltas.clear();
    const candidates = this.#candidates(this.#match(changed));
    if (candidates.length === 0) return;
    const all = this.#all();
    this.total = all.size;
    this.#ledger.apply(
      all.size > this.spec.limit ? this.#select(all) : this.#everything(all, candidates),
      tick.seq,
    );
    this.other = this.#hidden(all);
    this.#changedAt = tick.seq;
  }

  /** Does a client that has `seq` lack anything? */
  changedSince(seq: number): boolean {
    return this.#changedAt > seq;
  }

  /** The visible entries, in order. */
  entries(): Entry[] {
    return first(this.#ledger.entries(), this.spec.order, this.spec.limit);
  }

  /** `"rows":[…],"total":…,"other":…`: what HTTP bodies and snapshot frames have in common. */
  body(): string {
    const rows = this.entries().map((entry) => entry.json);
    return `"rows":[${rows.join(',')}],${this.#sumsText()}`;
  }

  snapshotTail(): string {
    this.#snapshot ??= `${this.#headText()},${this.body()}}`;
    return this.#snapshot;
  }

  /** What changed since tick `seq`; null when that is too long ago to tell. */
  deltaTail(seq: number): string | null {
    let tail = this.#deltas.get(seq);
    if (tail === undefined) {
      tail = this.#delta(seq);
      if (this.#deltas.size < MAX_TAILS) this.#deltas.set(seq, tail);
    }
    return tail;
  }

  #delta(seq: number): string | null {
    const difference = this.#ledger.since(seq);
    if (!difference) return null;
    const set = difference.set.map((entry) => entry.json).join(',');
    return `${this.#headText()},"prev":${seq},"set":[${set}],"del":${JSON.stringify(difference.del)},${this.#sumsText()}}`;
  }

  #headText(): string {
    return `"topic":"${this.spec.topic}","seq":${this.#tick.seq},"time":${this.#tick.time}`;
  }

  #sumsText(): string {
    return `"total":${this.total},"other":${JSON.stringify(this.other)}`;
  }

  #all(): EntryPool {
    return this.#grouping ? this.#grouping.entries : this.#matching;
  }

  #match(changed: readonly EntryChange[]): EntryChange[] {
    const matched: EntryChange[] = [];
    for (const { key, entry } of changed) {
      if (entry && this.spec.matches(entry.row)) {
        this.#matching.set(key, entry);
        matched.push({ key, entry });
      } else if (this.#matching.delete(key)) matched.push({ key, entry: null });
    }
    return matched;
  }

  #candidates(matched: EntryChange[]): EntryChange[] {
    return this.#grouping ? this.#grouping.apply(matched) : matched;
  }

  /** Nothing is hidden: what changed is what clients see, unless the limit hid some until now. */
  #everything(all: EntryPool, candidates: EntryChange[]): EntryChange[] {
    return this.other === null ? candidates : this.#replace(all.values());
  }

  #select(all: EntryPool): EntryChange[] {
    return this.#replace(first(all.values(), this.spec.order, this.spec.limit));
  }

  /** From what clients see now to `visible`. */
  #replace(entries: Iterable<Entry>): EntryChange[] {
    const visible = new Map([...entries].map((entry) => [entry.key, entry]));
    const changed: EntryChange[] = [];
    for (const key of this.#ledger.keys()) if (!visible.has(key)) changed.push({ key, entry: null });
    for (const [key, entry] of visible) if (this.#ledger.get(key) !== entry) changed.push({ key, entry });
    return changed;
  }

  #hidden(all: EntryPool): Other {
    const rows = all.size - this.#ledger.size;
    return rows === 0 ? null : { ...all.sumsWithout(this.#ledger.entries()), rows };
  }
}
