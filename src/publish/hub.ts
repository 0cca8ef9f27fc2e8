/**
 * Ties the engine's tables and events to clients. Enters: publish ticks (ticker.ts) and clients (ws.ts, ndjson.ts).
 * Leaves: frames to whoever is due. Without subscriptions a tick only keeps the tables current. Called by server.ts.
 */
import type { Logger } from 'pino';
import type { FlowDetail } from '../protocol/detail.js';
import { PortchurnError } from '../protocol/errors.js';
import { type Hello, PROTOCOL, type Problem, type Subscribe, type TableTopic } from '../protocol/frames.js';
import type { HistoryBody } from '../protocol/history.js';
import type { Health, Source } from '../protocol/source.js';
import { parseFilter } from '../query/filter/parse.js';
import type { TableQuery } from '../query/table-query.js';
import { Tables } from '../query/tables.js';
import type { Tick } from '../query/view.js';
import { Faults } from './faults.js';
import { Client, type ClientHost, type Wire } from './stream/client.js';
import { EventRouter } from './stream/event-router.js';
import { EventSubscription, Pace, type Subscription, TableSubscription } from './stream/subscription.js';

export interface HubOptions {
  readonly source: Source;
  /** Publish interval. */
  readonly intervalMs: number;
  readonly version: string;
  /** Name of this machine. */
  readonly host: string;
  /** Its kernel's release. */
  readonly kernel: string;
  /** Only what matches is published. */
  readonly filter?: string;
  readonly log: Pick<Logger, 'error' | 'info'>;
}

const MAX_CLIENTS = 512;

const UNPUBLISHED: Problem = {
  what: 'A table cannot be published: its rows are old.',
  why: 'An error in the service; its log has it, once, with the stack.',
  fix: 'Restart the service, and report the error.',
};

export class Hub implements ClientHost {
  readonly tables: Tables;
  readonly #desk: EventRouter;
  readonly #faults: Faults;
  readonly #clients = new Set<Client>();
  #subscriptions = 0;
  /** Called when the first subscription comes: ticks must be frequent from now on. */
  onWanted: () => void = () => {};

  /** Throws BAD_FILTER. */
  constructor(private readonly options: HubOptions) {
    const { source, filter = '', log } = options;
    this.#faults = new Faults(log);
    this.tables = new Tables(source, filter, (what, attempt) => this.#faults.guard(what, attempt));
    const { netnsName } = this.tables;
    this.#desk = new EventRouter(source.events, parseFilter(filter, netnsName).matches, netnsName);
  }

  get tick(): Tick {
    return this.tables.tick;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Somebody has subscribed to something. */
  get wanted(): boolean {
    return this.#subscriptions > 0;
  }

  /** The tracer's, and degraded while clients do not get all that it has. */
  get health(): Health | null {
    const health = this.options.source.health();
    if (health === null || !this.#faults.any) return health;
    return { ...health, status: 'degraded', problems: [...health.problems, UNPUBLISHED] };
  }

  get hasHistory(): boolean {
    return this.options.source.history !== undefined;
  }

  /** Null: there is no such budget, or a service-wide filter hides it. Totals are the whole machine's. */
  historyOf(budget: string | null, seconds: number, now: number): HistoryBody | null {
    this.freshen(now);
    if (budget !== null && !this.tables.publishes('budgets', budget)) return null;
    const body = this.options.source.history?.body(budget, seconds) ?? null;
    return body && this.tables.isFiltered ? withoutNames(body) : body;
  }

  /** Null: there is no such flow, or a service-wide filter hides it. */
  flowDetail(key: string, now: number): FlowDetail | null {
    this.freshen(now);
    if (!this.tables.publishes('flows', key)) return null;
    return this.options.source.flowDetail?.(key, now) ?? null;
  }

  /** One publish tick. `now`: Unix ms. Never throws: what fails is logged, and the next tick tries again. */
  publish(now: number): void {
    this.#faults.guard('tick', () => this.tables.collect(now));
    this.#faults.guard('frames', () => {
      for (const client of this.#clients) client.sendDue();
    });
  }

  /** While nobody subscribes, ticks are rare: whoever asks then gets a new one. */
  freshen(now: number): void {
    const stale = this.tick.seq === 0 || (!this.wanted && now - this.tick.time >= this.options.intervalMs);
    if (stale) this.publish(now);
  }

  /** Body of GET /api/v1/snapshot. Throws USAGE, BAD_FILTER or UNKNOWN_TOPIC. */
  snapshotJson(topics: readonly TableTopic[], wish: TableQuery, now: number): string {
    this.freshen(now);
    return this.tables.snapshotJson(topics, wish);
  }

  /** Throws TOO_MANY. The client's first frame is the hello. */
  connect(wire: Wire): Client {
    this.admit();
    const client = new Client(this, wire);
    this.#clients.add(client);
    wire.send(JSON.stringify(this.#hello()));
    return client;
  }

  /** Throws TOO_MANY when no further client can come. */
  admit(): void {
    if (this.#clients.size < MAX_CLIENTS) return;
    throw new PortchurnError('TOO_MANY', `${MAX_CLIENTS} clients are connected already`);
  }

  left(client: Client): void {
    this.#clients.delete(client);
  }

  /** A client's new subscription. Throws what its parameters deserve. */
  open(frame: Subscribe): Subscription {
    const feed = frame.topic === 'events' ? this.#openEvents(frame) : this.#openTable(frame, frame.topic);
    if (++this.#subscriptions === 1) this.onWanted();
    return feed;
  }

  #openTable(frame: Subscribe, topic: TableTopic): Subscription {
    this.freshen(Date.now());
    const view = this.tables.acquire(topic, frame);
    return new TableSubscription(frame.sub, view, this.#pace(frame), () => {
      this.#subscriptions--;
      this.tables.release(view);
    });
  }

  #openEvents(frame: Subscribe): Subscription {
    if (frame.sort !== undefined || frame.group !== undefined) {
      throw new PortchurnError('USAGE', 'events take a filter, a limit and an interval, no sort or group');
    }
    this.freshen(Date.now());
    const channel = this.#desk.acquire(frame.filter ?? '');
    return new EventSubscription(frame, channel, this.#pace(frame), () => {
      this.#subscriptions--;
      this.#desk.release(channel);
    });
  }

  #pace({ intervalMs }: Subscribe): Pace {
    return new Pace(this.options.intervalMs, intervalMs ?? this.options.intervalMs);
  }

  #tracing(): Pick<Hello, 'mode' | 'verdictPath' | 'limits'> {
    const { mode = 'ebpf', verdictPath = 'ehash', limits = [] } = this.health ?? {};
    return { mode, verdictPath, limits: [...limits] };
  }

  #hello(): Hello {
    const { version, host, kernel, intervalMs } = this.options;
    return {
      type: 'hello',
      protocol: PROTOCOL,
      version,
      host,
      epoch: this.tables.epoch,
      ...this.#tracing(),
      intervalMs,
      topics: [...this.tables.topics, 'events'],
      kernel,
    };
  }
}

/** Annotations whose text names processes: a text cannot be asked whether the service-wide filter lets it pass. */
const NAMING: ReadonlySet<string> = new Set(['first-failure', 'process-start', 'process-exit']);

function withoutNames(body: HistoryBody): HistoryBody {
  return { ...body, annotations: body.annotations.filter(({ kind }) => !NAMING.has(kind)) };
}
