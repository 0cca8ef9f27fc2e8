/**
 * One view on a table: filtered, grouped, sorted, limited. Equal subscriptions and HTTP requests share one View, which is
 * brought up to date once per publish tick and serialises each frame's tail once for all of them. In: the row store's
 * changes, which it works off in turns of the event loop. Out: frame tails (everything behind `type` and `sub`, which differ
 * per subscription), of the tick up to which it has come.
 */
import { PortchurnError } from '../protocol/errors.js';
import type { Group, Other, TableTopic } from '../protocol/frames.js';
import { EntryPool } from './entry-pool.js';
import type { Filter } from './filter/parse.js';
import { tooExpensive } from './filter/work.js';
import { FrameText } from './frame-text.js';
import { Grouping } from './group.js';
import { first, firstInSlices, type Order } from './order.js';
import type { Entry, EntryChange, RowStore } from './row-store.js';
import { RowVersions } from './row-versions.js';
import { ENDLESS, proceed, type Turn } from './turn.js';

export interface ViewSpec {
  readonly topic: TableTopic;
  readonly filter: Filter;
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
/** So many ticks in a row without being up to date, and it never will be. */
const MAX_TICKS_BEHIND = 60;
/** What else a view costs, in steps of a filter: to look at a row, to offer it for the order, to add it to its group. */
const ROW_STEPS = 100;
const ORDER_STEPS = 10;
const GROUP_STEPS = 50;
/** Rows, and steps of the filter, between two places where the work can be interrupted. */
const SLICE_ROWS = 32;
const SLICE_STEPS = 20_000;

/** What clients are to see from now on. */
interface Visible {
  readonly changes: readonly EntryChange[];
  readonly sorted: readonly Entry[] | null;
  readonly other: Other;
}

export class View {
  total = 0;
  other: Other = null;
  readonly #matching: EntryPool;
  readonly #grouping: Grouping | null;
  readonly #versions: RowVersions;
  /** Changes not looked at yet: of each key the newest. */
  readonly #backlog: Map<string, Entry | null>;
  #started = false;
  #ticksBehind = 0;
  /** The tick that it will have come to when the backlog is empty. */
  #wanted: Tick;
  #tick: Tick = { seq: 0, time: 0 };
  #work: Iterator<void, void> | null = null;
  #fault: PortchurnError | null = null;
  /** Tick of the last change that a client can see. */
  #changedAt: number;
  #snapshot: FrameText | null = null;
  readonly #deltas = new Map<number, FrameText | null>();
  /** The visible entries in order, once somebody has sorted them. */
  #sorted: readonly Entry[] | null = null;
  /** Beside the filter's steps. */
  #rowSteps = 0;

  /** Equal views have equal names. */
  constructor(
    readonly name: string,
    readonly spec: ViewSpec,
    store: RowStore,
    tick: Tick,
    turn: Turn = ENDLESS,
  ) {
    this.#wanted = { ...tick };
    this.#changedAt = tick.seq;
    this.#grouping = spec.group && new Grouping(spec.group);
    this.#matching = new EntryPool(spec.topic);
    this.#versions = new RowVersions(tick.seq);
    this.#backlog = new Map(store.entries);
    this.#work = this.#update();
    if (!turn.over()) this.proceed(turn);
  }

  /** Takes the store's changes of this tick; proceed() works them off. */
  take(changed: readonly EntryChange[], tick: Tick): void {
    this.#ticksBehind = this.isCurrent ? 0 : this.#ticksBehind + 1;
    if (this.#ticksBehind > MAX_TICKS_BEHIND) {
      this.#fault ??= tooExpensive(
        'rows change faster than this subscription can follow, or its client has more of them than one may',
      );
    }
    for (const { key, entry } of changed) this.#backlog.set(key, entry);
    this.#wanted = { ...tick };
  }

  /** Works until it is up to date or the turn is over. */
  proceed(turn: Turn): void {
    if (this.#fault) return;
    try {
      while (!this.isCurrent) {
        this.#work ??= this.#update();
        if (!proceed(this.#work, turn)) return;
        this.#work = null;
      }
    } catch (error) {
      if (!(error instanceof PortchurnError)) throw error;
      this.#fault = error;
    }
  }

  /** It has come to the last tick, and has nothing left to do. */
  get isCurrent(): boolean {
    return this.#fault !== null || (this.#work === null && this.#tick.seq === this.#wanted.seq);
  }

  /** The tick that its rows are of; null: they never were complete. Throws what ended it: TOO_EXPENSIVE. */
  get tick(): Tick | null {
    if (this.#fault) throw this.#fault;
    return this.#started ? this.#tick : null;
  }

  /** What ended it; null: nothing has. */
  get fault(): PortchurnError | null {
    return this.#fault;
  }

  /** Steps that its filter has taken so far. */
  get steps(): number {
    return this.spec.filter.steps;
  }

  /** Steps of everything that it has done so far. */
  get cost(): number {
    return this.steps + this.#rowSteps + (this.#grouping?.summed ?? 0) * GROUP_STEPS;
  }

  /** Has anything visible changed after tick `seq`? */
  changedSince(seq: number): boolean {
    return this.#changedAt > seq;
  }

  /** The visible entries, in order. */
  entries(): Entry[] {
    this.#sorted ??= first(this.#versions.entries(), this.spec.order, this.spec.limit);
    return [...this.#sorted];
  }

  /** `"rows":[…],"total":…,"other":…` between two texts: the part that HTTP bodies and snapshot frames have in common. */
  body(before: string, behind: string): FrameText {
    return new FrameText(`${before}"rows":[`, this.entries(), `],${this.#sumsText()}${behind}`);
  }

  snapshotTail(): FrameText {
    this.#snapshot ??= this.body(`${this.#headText()},`, '}');
    return this.#snapshot;
  }

  /** The changes since tick `seq`; null: the difference to a tick that long ago is not known. */
  deltaTail(seq: number): FrameText | null {
    let tail = this.#deltas.get(seq);
    if (tail === undefined) {
      tail = this.#delta(seq);
      if (this.#deltas.size < MAX_TAILS) this.#deltas.set(seq, tail);
    }
    return tail;
  }

  #delta(seq: number): FrameText | null {
    const difference = this.#versions.since(seq);
    if (!difference) return null;
    const behind = `],"del":${JSON.stringify(difference.del)},${this.#sumsText()}}`;
    return new FrameText(`${this.#headText()},"prev":${seq},"set":[`, difference.set, behind);
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

  /** From the backlog to what clients see. Until the end they see the tick before. */
  *#update(): Generator<void, void> {
    const matched = yield* this.#match();
    const tick = this.#wanted;
    const candidates = this.#grouping ? yield* this.#grouping.applyInSlices(matched) : matched;
    const all = this.#all();
    let visible: Visible | null = null;
    if (candidates.length > 0)
      visible = all.size > this.spec.limit ? yield* this.#select(all) : this.#everything(all, candidates);
    this.#show(all, visible, tick);
  }

  /** @param visible null: nothing changed */
  #show(all: EntryPool, visible: Visible | null, tick: Tick): void {
    this.#tick = tick;
    this.#started = true;
    this.#snapshot = null;
    this.#deltas.clear();
    if (visible === null) return;
    this.total = all.size;
    this.#versions.apply(visible.changes, tick.seq);
    this.#sorted = visible.sorted;
    this.other = visible.other;
    this.#changedAt = tick.seq;
  }

  /** What comes into the backlog meanwhile is looked at too. */
  *#match(): Generator<void, EntryChange[]> {
    const matched = new Map<string, Entry | null>();
    let [rows, steps] = [0, this.steps];
    for (const [key, entry] of this.#backlog) {
      this.#backlog.delete(key);
      this.#rowSteps += ROW_STEPS;
      const before = this.#matching.get(key);
      if (this.#takes(key, entry)) {
        if (entry !== before) matched.set(key, entry);
      } else if (this.#matching.delete(key)) matched.set(key, null);
      if (++rows % SLICE_ROWS > 0 && this.steps - steps < SLICE_STEPS) continue;
      steps = this.steps;
      yield;
    }
    return Array.from(matched, ([key, entry]) => ({ key, entry }));
  }

  #takes(key: string, entry: Entry | null): boolean {
    if (entry === null || !this.spec.filter.matches(entry.row)) return false;
    this.#matching.set(key, entry);
    return true;
  }

  /** The limit hides nothing: the visible changes are the changes, unless the limit hid rows until now. */
  #everything(all: EntryPool, candidates: EntryChange[]): Visible {
    const changes = this.other === null ? candidates : this.#replace(all.values());
    return { changes, sorted: null, other: null };
  }

  *#select(all: EntryPool): Generator<void, Visible> {
    this.#rowSteps += all.size * ORDER_STEPS;
    const sorted = yield* firstInSlices(all.values(), this.spec.order, this.spec.limit);
    yield;
    const changes = this.#replace(sorted);
    yield;
    const hidden = { ...(yield* all.sumsWithoutInSlices(sorted)), rows: all.size - sorted.length };
    return { changes, sorted, other: hidden };
  }

  /** The changes that lead from the rows that are visible now to `entries`. */
  #replace(entries: Iterable<Entry>): EntryChange[] {
    const visible = new Map([...entries].map((entry) => [entry.key, entry]));
    const changed: EntryChange[] = [];
    for (const key of this.#versions.keys()) if (!visible.has(key)) changed.push({ key, entry: null });
    for (const [key, entry] of visible) if (this.#versions.get(key) !== entry) changed.push({ key, entry });
    return changed;
  }
}
