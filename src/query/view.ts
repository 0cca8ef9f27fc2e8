/**
 * One view on a table: filtered, grouped, sorted, limited. Equal subscriptions and HTTP requests share one View, which is
 * brought up to date once per publish tick and serialises each frame's tail once for all of them. In: the row store's
 * changes. Out: frame tails (everything behind `type` and `sub`, which differ per subscription).
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

/** Delta tails kept per tick: most clients are at the same tick, a few are behind. */
const MAX_TAILS = 8;

export class View {
  total = 0;
  other: Other = null;
  readonly #matching: EntryPool;
  readonly #grouping: Grouping | null;
  readonly #versions: RowVersions;
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
    this.#versions = new RowVersions(tick.seq);
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
    this.#versions.apply(
      all.size > this.spec.limit ? this.#select(all) : this.#everything(all, candidates),
      tick.seq,
    );
    this.other = this.#hidden(all);
    this.#changedAt = tick.seq;
  }

  /** Has anything visible changed after tick `seq`? */
  changedSince(seq: number): boolean {
    return this.#changedAt > seq;
  }

  /** The visible entries, in order. */
  entries(): Entry[] {
    return first(this.#versions.entries(), this.spec.order, this.spec.limit);
  }

  /** `"rows":[…],"total":…,"other":…`: the part that HTTP bodies and snapshot frames have in common. */
  body(): string {
    const rows = this.entries().map((entry) => entry.json);
    return `"rows":[${rows.join(',')}],${this.#sumsText()}`;
  }

  snapshotTail(): string {
    this.#snapshot ??= `${this.#headText()},${this.body()}}`;
    return this.#snapshot;
  }

  /** The changes since tick `seq`; null: the difference to a tick that long ago is not known. */
  deltaTail(seq: number): string | null {
    let tail = this.#deltas.get(seq);
    if (tail === undefined) {
      tail = this.#delta(seq);
      if (this.#deltas.size < MAX_TAILS) this.#deltas.set(seq, tail);
    }
    return tail;
  }

  #delta(seq: number): string | null {
    const difference = this.#versions.since(seq);
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

  /** The limit hides nothing: the visible changes are the changes, unless the limit hid rows until now. */
  #everything(all: EntryPool, candidates: EntryChange[]): EntryChange[] {
    return this.other === null ? candidates : this.#replace(all.values());
  }

  #select(all: EntryPool): EntryChange[] {
    return this.#replace(first(all.values(), this.spec.order, this.spec.limit));
  }

  /** The changes that lead from the rows that are visible now to `entries`. */
  #replace(entries: Iterable<Entry>): EntryChange[] {
    const visible = new Map([...entries].map((entry) => [entry.key, entry]));
    const changed: EntryChange[] = [];
    for (const key of this.#versions.keys()) if (!visible.has(key)) changed.push({ key, entry: null });
    for (const [key, entry] of visible) if (this.#versions.get(key) !== entry) changed.push({ key, entry });
    return changed;
  }

  #hidden(all: EntryPool): Other {
    const rows = all.size - this.#versions.size;
    return rows === 0 ? null : { ...all.sumsWithout(this.#versions.entries()), rows };
  }
}
