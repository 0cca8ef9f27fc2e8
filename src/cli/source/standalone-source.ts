/**
 * A tracer inside this process as data source, for when no service runs. In: a running tracer. Out: the same tables and
 * events that a service would give.
 */
import type { TopicQuery } from '../../client/http.js';
import type { Problem, SnapshotBody } from '../../protocol/frames.js';
import { parseFilter } from '../../query/filter/parse.js';
import { queryTable, Tables } from '../../query/tables.js';
import type { Tracing } from '../backends.js';
import { type DataSource, type EventListener, type EventQuery, filtersOf } from './data-source.js';

export class StandaloneSource implements DataSource {
  readonly attached = false;
  readonly #tables: Tables;
  readonly #lost = new AbortController();

  constructor(private readonly tracing: Tracing) {
    this.#tables = new Tables(tracing.source);
    tracing.onFatal((error) => this.#lost.abort(error));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async table({ topic, ...query }: TopicQuery): Promise<SnapshotBody> {
    return queryTable(this.#tables, [topic], query, Date.now());
  }

  async limits(): Promise<readonly Problem[]> {
    return this.tracing.source.health()?.limits ?? [];
  }

  async events(query: EventQuery, listener: EventListener): Promise<void> {
    this.#tables.collect(Date.now()); // learns the names of namespaces, which a filter may use
    const filters = filtersOf(query).map((text) => parseFilter(text, this.#tables.scope.namespaces));
    const interest = {
      all: filters.some((filter) => filter.pids === null),
      pids: filters.flatMap((filter) => filter.pids ?? []),
    };
    this.tracing.source.events.listen(interest, (events, dropped) => {
      const matching = events.filter((event) => filters.some((filter) => filter.matches(event)));
      listener(matching, dropped);
    });
  }

  close(): Promise<void> {
    return this.tracing.stop();
  }
}
