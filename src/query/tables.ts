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
import { type EntryChange, RowStore } from './row-store.js';
import { Scope } from './scope.js';
import { queryForTopic, specOf } from './table-query.js';
import { type Tick, View } from './view.js';

/** Distinct views kept up to date at once; each costs work per tick. */
const MAX_VIEWS = 256;

interface SharedView {
  view: View;
  references: number;
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
  #hasNewNames = false;

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

  /** A verdict has no fields to test, and the source makes it of what the filter shows: it only must not name a row that is hidden. */
  #admission(topic: TableTopic): (row: AnyRow) => boolean {
    if (topic !== 'verdict' || !this.scope.isFiltered) return this.scope.shows;
    return (row) => {
      const { budget, finding } = row as VerdictRow;
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

  /** One publish tick: takes the changes of all tables and brings every view up to date. `now`: Unix ms. */
  collect(now: number): void {
    this.tick.seq++;
    this.tick.time = now;
    this.#hasNewNames = false;
    const changed = new Map(this.topics.map((topic) => [topic, this.#guarded(topic, now)]));
    for (const { view } of this.#views.values()) view.refresh(changed.get(view.spec.topic) ?? [], this.tick);
    for (const { topic, watcher } of this.#watchers) watcher(changed.get(topic) ?? []);
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
    if (topic === 'totals') this.#hasNewNames = this.scope.learn(changes.set as TotalsRow[]);
    const changed = store.apply(changes as { set: AnyRow[]; del: string[] });
    return this.#hasNewNames ? [...changed, ...store.reconsider()] : changed;
  }

  /** The view for a query, shared with equal queries. Give it back with release(). */
  acquire(topic: TableTopic, query: TableQuery): View {
    const store = this.#store(topic);
    const { name, spec } = specOf(topic, query, this.scope.netnsName);
    const shared = this.#views.get(name) ?? this.#share(name, new View(name, spec, store, this.tick));
    shared.references++;
    return shared.view;
  }

  /** The last release drops the view. */
  release(view: View): void {
    const shared = this.#views.get(view.name);
    if (shared && --shared.references === 0) this.#views.delete(view.name);
  }

  get views(): number {
    return this.#views.size;
  }

  #share(name: string, view: View): SharedView {
    if (this.#views.size >= MAX_VIEWS) {
      throw new PortchurnError('TOO_MANY', `${MAX_VIEWS} different subscriptions are the most there can be`);
    }
    const shared = { view, references: 0 };
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
    const parts = this.#each(topics, query, (topic, view) => `"${topic}":{${view.body()}}`);
    const { time, seq } = this.tick;
    return `{"time":${time},"epoch":"${this.epoch}","seq":${seq},"topics":{${parts.join(',')}}}`;
  }

  /** The same body as an object. Its rows are the store's own objects: read only. */
  snapshot(topics: readonly TableTopic[], query: TableQuery): SnapshotBody {
    const parts = this.#each(topics, query, (topic, view) => {
      const rows = view.entries().map((entry) => entry.row);
      return [topic, { rows, total: view.total, other: view.other }];
    });
    const { time, seq } = this.tick;
    return { time, epoch: this.epoch, seq, topics: Object.fromEntries(parts) as SnapshotBody['topics'] };
  }

  #each<T>(
    selected: readonly TableTopic[],
    query: TableQuery,
    use: (topic: TableTopic, view: View) => T,
  ): T[] {
    const topics = selected.length > 0 ? [...new Set(selected)] : this.topics;
    return topics.map((topic) => {
      const view = this.acquire(topic, queryForTopic(topic, topics, query));
      try {
        return use(topic, view);
      } finally {
        this.release(view);
      }
    });
  }
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
