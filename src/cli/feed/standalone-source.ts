/**
 * A Feed from the engine inside this process, for when no service runs. Enters: tracer options, processes to restrict the
 * kernel to. Leaves: the same tables and events a service would give. Called by feed.ts.
 */
import { type Engine, startEngine } from '../../engine/engine.js';
import type { Problem, SnapshotBody } from '../../protocol/frames.js';
import { parseFilter } from '../../query/filter/parse.js';
import { queryTable, Tables } from '../../query/tables.js';
import { createLogger } from '../logger.js';
import {
  type AttachValues,
  type DataSource,
  type EventListener,
  type EventQuery,
  filtersOf,
  type TopicQuery,
} from './data-source.js';

/** Throws what startEngine throws: privilege, kernel or addon missing. */
export async function openStandalone(values: AttachValues, pids: readonly number[]): Promise<DataSource> {
  const engine = await startEngine({
    ringBytes: values.ringBytes,
    syscalls: !values.noSyscalls,
    portableVerdict: values.portableVerdict,
    redact: values.redact,
    log: createLogger(values.logLevel),
    ...(pids.length === 0 ? {} : { filter: { tgids: [...pids], ports: [], netns: [] } }),
  });
  return new StandaloneSource(engine);
}

class StandaloneSource implements DataSource {
  readonly attached = false;
  readonly #tables: Tables;
  readonly #lost = new AbortController();

  constructor(private readonly engine: Engine) {
    this.#tables = new Tables(engine.source);
    engine.onFatal((error) => this.#lost.abort(error));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async table({ topic, ...wish }: TopicQuery): Promise<SnapshotBody> {
    return queryTable(this.#tables, [topic], wish, Date.now());
  }

  async limits(): Promise<readonly Problem[]> {
    return this.engine.source.health()?.limits ?? [];
  }

  async events(query: EventQuery, listener: EventListener): Promise<void> {
    this.#tables.collect(Date.now()); // learns the names of namespaces, which a filter may use
    const filters = filtersOf(query).map((text) => parseFilter(text, this.#tables.netnsName));
    const interest = {
      all: filters.some((filter) => filter.pids === null),
      pids: filters.flatMap((filter) => filter.pids ?? []),
    };
    this.engine.source.events.listen(interest, (events, dropped) => {
      const wanted = events.filter((event) => filters.some((filter) => filter.matches(event)));
      listener(wanted, dropped);
    });
  }

  close(): Promise<void> {
    return this.engine.stop();
  }
}
