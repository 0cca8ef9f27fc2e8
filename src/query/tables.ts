/**
 * All tables of one engine, and the views on them. In: the engine's tables, once per publish tick. Out: views for
 * subscriptions; snapshot bodies for HTTP and for commands that trace by themselves.
 */
import { randomUUID } from 'node:crypto';
import { PortchurnError } from '../protocol/errors.js';
import {
  type AnyRow,
  type RowOf,
  type SnapshotBody,
  TABLE_TOPICS,
  type TableTopic,
} from '../protocol/frames.js';
import type { TotalsRow, VerdictRow } from '../protocol/rows.js';
import type { Source, TableSource } from '../protocol/source.js';
import type { TableQuery } from '../protocol/table-query.js';
import type { Allowance } from './cost/allowance.js';
import { type Payer, Payers } from './cost/payers.js';
import { tooExpensive } from './filter/work.js';
import type { FrameText } from './frame-text.js';
import { type EntryChange, RowStore } from './row-store.js';
import { Scope } from './scope.js';
import { queryForTopic, specOf } from './table-query.js';
import { ENDLESS, type Turn } from './turn.js';
import { type Tick, View } from './view.js';

/** Distinct views kept up to date at once; each costs work per tick. */
const MAX_VIEWS = 256;
/** Ticks within which a snapshot is made. */
const MAX_SNAPSHOT_TICKS = 30;
/** Turns that one waits for the last tick, where an older one is complete. */
const TURNS_FOR_LAST_TICK = 20;
/** Turns that one waits for, while others have asked for too much. */
const MAX_SNAPSHOT_WAITS = 500;

interface SharedView {
  view: View;
  references: number;
  payers: Payers;
}

interface Table {
  source: TableSource<TableTopic>;
  store: RowStore;
}

type Watcher = (changed: readonly EntryChange[]) => void;

/** Runs an attempt that may throw; undefined: it threw, and the guard has reported it. */
export type Guard = <T>(operation: string, attempt: () => T) => T | undefined;
const unguarded: Guard = (_, attempt) => attempt();

export class Tables {
  /** Identifies one run of the service. */
  readonly epoch = randomUUID();
  /** Number and time of the last collection; 0 before the first. */
  readonly tick: Tick = { seq: 0, time: 0 };
  readonly topics: readonly TableTopic[];
  readonly #tables = new Map<TableTopic, Table>();
  readonly #views = new Map<string, SharedView>();
  readonly #watchers: { topic: TableTopic; watcher: Watcher }[] = [];
  /** What the service-wide filter shows. */
  readonly scope: Scope;
  /** Namespaces of which this tick's totals told something new. */
  #renamed: ReadonlySet<string> = new Set();

  /** Rows that do not match `filter` are never published. `guard` wraps each table's collection. Throws BAD_FILTER. */
  constructor(
    source: Pick<Source, 'tables'>,
    filter = '',
    private readonly guard = unguarded,
  ) {
    this.scope = new Scope(filter);
    this.topics = TABLE_TOPICS.filter((topic) => source.tables[topic] !== undefined);
    for (const topic of this.topics) {
      const table = source.tables[topic] as TableSource<TableTopic>;
      this.#tables.set(topic, { source: table, store: new RowStore(this.#admission(topic)) });
    }
  }

  /** The source makes verdict and incidents of what the filter shows: they only must not name a row that is hidden. */
  #admission(topic: TableTopic): (row: AnyRow) => boolean {
    const isMade = topic === 'verdict' || topic === 'incidents';
    if (!isMade || !this.scope.isFiltered) return this.scope.shows;
    return (row) => {
      const { budget, finding = null } = row as Pick<VerdictRow, 'budget'> & Partial<VerdictRow>;
      return (
        (budget === null || this.publishes('budgets', budget)) &&
        (finding === null || this.publishes('findings', finding))
      );
    };
  }

  /** Is the row with this key published? Without a service-wide filter every row is. */
  publishes(topic: TableTopic, key: string | null): boolean {
    if (!this.scope.isFiltered) return true;
    return key !== null && (this.#tables.get(topic)?.store.entries.has(key) ?? false);
  }

  /** One publish tick: takes the changes of all tables and brings the views up to date. `now`: Unix ms. */
  collect(now: number, turn: Turn = ENDLESS): void {
    this.tick.seq++;
    this.tick.time = now;
    this.#renamed = new Set();
    const changed = new Map(this.topics.map((topic) => [topic, this.#guarded(topic, now)]));
    for (const { view } of this.#views.values()) view.take(changed.get(view.spec.topic) ?? [], this.tick);
    this.proceed(turn);
    for (const { topic, watcher } of this.#watchers) watcher(changed.get(topic) ?? []);
  }

  /** Works on views until all are up to date or the turn is over. One that is not done is last in the next turn. */
  proceed(turn: Turn): void {
    const now = performance.now();
    for (const [name, shared] of [...this.#views]) {
      if (shared.view.isCurrent || !shared.payers.has(now)) continue;
      const before = shared.view.cost;
      shared.view.proceed(turn);
      shared.payers.spend(shared.view.cost - before);
      if (shared.view.isCurrent) continue;
      this.#views.delete(name);
      this.#views.set(name, shared);
      return;
    }
  }

  get isCurrent(): boolean {
    for (const { view } of this.#views.values()) if (!view.isCurrent) return false;
    return true;
  }

  /** Hands all rows of a topic to `watcher`, then each tick's changes, for as long as the tables exist. */
  watch(topic: TableTopic, watcher: Watcher): void {
    watcher([...this.#store(topic).entries].map(([key, entry]) => ({ key, entry })));
    this.#watchers.push({ topic, watcher });
  }

  /** The current rows of a topic. They are the store's own objects: read only. */
  rows<T extends TableTopic>(topic: T): RowOf<T>[] {
    return [...this.#store(topic).entries.values()].map(({ row }) => row as RowOf<T>);
  }

  /** A table that cannot be collected keeps its rows. */
  #guarded(topic: TableTopic, now: number): EntryChange[] {
    return this.guard(topic, () => this.#collect(topic, now)) ?? [];
  }

  #collect(topic: TableTopic, now: number) {
    const { source, store } = this.#tables.get(topic)!;
    const changes = source.collect(now);
    if (topic === 'totals')
      this.#renamed = this.scope.namespaces.learn(changes.set as TotalsRow[], changes.del);
    const changed = store.apply(changes as { set: AnyRow[]; del: string[] });
    return this.#renamed.size > 0 ? [...changed, ...store.reconsider(this.#isRenamed)] : changed;
  }

  readonly #isRenamed = (row: AnyRow): boolean =>
    'netnsId' in row && row.netnsId !== null && this.#renamed.has(row.netnsId);

  /**
   * The view for a query, shared with equal queries; it is complete when the turn suffices. Give it back with release(). `payer` has
   * its work done, and none while it cannot pay. Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC or TOO_MANY.
   */
  acquire(topic: TableTopic, query: TableQuery, turn: Turn = ENDLESS, payer: Payer = null): View {
    const store = this.#store(topic);
    const { name, spec } = specOf(topic, query, this.scope.namespaces);
    const shared =
      this.#views.get(name) ?? this.#share(name, () => new View(name, spec, store, this.tick, turn));
    shared.references++;
    shared.payers.join(payer);
    payer?.spend(shared.references === 1 ? shared.view.cost : spec.filter.steps);
    return shared.view;
  }

  /** The last release drops the view. */
  release(view: View, payer: Payer = null): void {
    const shared = this.#views.get(view.name);
    if (!shared) return;
    shared.payers.leave(payer);
    if (--shared.references === 0) this.#views.delete(view.name);
  }

  get views(): number {
    return this.#views.size;
  }

  #share(name: string, make: () => View): SharedView {
    if (this.#views.size >= MAX_VIEWS) {
      throw new PortchurnError('TOO_MANY', `${MAX_VIEWS} different subscriptions are the most there can be`);
    }
    const view = make();
    if (view.fault) throw view.fault;
    const shared = { view, references: 0, payers: new Payers() };
    this.#views.set(name, shared);
    return shared;
  }

  #store(topic: TableTopic): RowStore {
    const table = this.#tables.get(topic);
    if (table) return table.store;
    throw new PortchurnError('UNKNOWN_TOPIC', `this service has no ${topic}`);
  }

  /** Body of GET /api/v1/snapshot, as JSON. Without topics: all tables. */
  snapshotJson(topics: readonly TableTopic[], query: TableQuery): string {
    return this.#using(topics, query, (views) =>
      this.#json(views)
        .map(({ whole }) => whole)
        .join(''),
    );
  }

  /**
   * The same in turns: `next` ends when it is worth looking again; `opening` pays for reading the filter. Throws TOO_EXPENSIVE when
   * it takes too long.
   */
  async snapshotInTurns(
    topics: readonly TableTopic[],
    query: TableQuery,
    turn: Turn,
    next: () => Promise<void>,
    opening: Allowance,
  ): Promise<FrameText[]> {
    for (let wait = MAX_SNAPSHOT_WAITS; !opening.has(performance.now()); wait--) {
      if (wait === 0) throw tooExpensive('too many large filters are asked for: try again in some seconds');
      await next();
    }
    const views = this.#acquireAll(topics, query, turn);
    for (const { spec } of views.values()) opening.spend(spec.filter.compileSteps);
    const last = this.tick.seq + MAX_SNAPSHOT_TICKS;
    try {
      for (let patience = TURNS_FOR_LAST_TICK; !isOfOneTick(views) || (--patience > 0 && isBehind(views)); ) {
        if (this.tick.seq > last) throw tooExpensive('this snapshot cannot be made in time');
        await next();
      }
      return this.#json(views);
    } finally {
      this.#releaseAll(views);
    }
  }

  #json(views: ViewOfTopic): FrameText[] {
    const { time, seq } = [...views.values()][0]?.tick ?? this.tick;
    const head = `{"time":${time},"epoch":"${this.epoch}","seq":${seq},"topics":{`;
    return Array.from([...views], ([topic, view], at) =>
      view.body(`${at === 0 ? head : ','}"${topic}":{`, at === views.size - 1 ? '}}}' : '}'),
    );
  }

  /** The same body as an object. Its rows are the store's own objects: read only. */
  snapshot(topics: readonly TableTopic[], query: TableQuery): SnapshotBody {
    const parts = this.#using(topics, query, (views) =>
      Array.from(views, ([topic, view]) => {
        const rows = view.entries().map((entry) => entry.row);
        return [topic, { rows, total: view.total, other: view.other }];
      }),
    );
    const { time, seq } = this.tick;
    return { time, epoch: this.epoch, seq, topics: Object.fromEntries(parts) as SnapshotBody['topics'] };
  }

  #using<T>(topics: readonly TableTopic[], query: TableQuery, use: (views: ViewOfTopic) => T): T {
    const views = this.#acquireAll(topics, query, ENDLESS);
    try {
      return use(views);
    } finally {
      this.#releaseAll(views);
    }
  }

  #acquireAll(selected: readonly TableTopic[], query: TableQuery, turn: Turn): Map<TableTopic, View> {
    const topics = selected.length > 0 ? [...new Set(selected)] : this.topics;
    const views = new Map<TableTopic, View>();
    try {
      for (const topic of topics) {
        views.set(topic, this.acquire(topic, queryForTopic(topic, topics, query), turn));
      }
    } catch (error) {
      this.#releaseAll(views);
      throw error;
    }
    return views;
  }

  #releaseAll(views: ViewOfTopic): void {
    for (const view of views.values()) this.release(view);
  }
}

type ViewOfTopic = ReadonlyMap<TableTopic, View>;

/** Are all complete, and as they were at the same tick? */
function isOfOneTick(views: ViewOfTopic): boolean {
  const seqs = Array.from(views.values(), (view) => view.tick?.seq);
  return seqs.every((seq) => seq !== undefined && seq === seqs[0]);
}

function isBehind(views: ViewOfTopic): boolean {
  for (const view of views.values()) if (!view.isCurrent) return true;
  return false;
}

/** For commands without a service: what GET /api/v1/snapshot would answer now. */
export function queryTable(
  tables: Tables,
  topics: readonly TableTopic[],
  query: TableQuery,
  now: number,
): SnapshotBody {
  tables.collect(now);
  return tables.snapshot(topics, query);
}
