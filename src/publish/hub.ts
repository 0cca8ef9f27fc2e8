/**
 * Connects the engine's tables and events with the clients. In: publish ticks, clients and their subscriptions, HTTP
 * questions. Out: frames to every client that is due, bodies of HTTP answers. A service-wide filter applies to all of them.
 * Without subscriptions a tick only keeps the tables current.
 */
import type { Logger } from 'pino';
import type { FlowDetail } from '../protocol/detail.js';
import { PortchurnError } from '../protocol/errors.js';
import { type Hello, PROTOCOL, type Problem, type Subscribe, type TableTopic } from '../protocol/frames.js';
import type { HealthBody } from '../protocol/health.js';
import type { HistoryBody } from '../protocol/history.js';
import type { Remedy } from '../protocol/rows.js';
import type { Source, WantedSettings } from '../protocol/source.js';
import type { TableQuery } from '../protocol/table-query.js';
import type { FrameText } from '../query/frame-text.js';
import { Tables } from '../query/tables.js';
import { ENDED, ShortTurn, TURN_MS, type Turn } from '../query/turn.js';
import type { Tick } from '../query/view.js';
import { Faults } from './faults.js';
import type { ClientBudget } from './stream/budget.js';
import { Client, type ClientHost, type Transport } from './stream/client.js';
import { EventRouter } from './stream/event-router.js';
import { PortMaps } from './stream/port-maps.js';
import type { Subscription } from './stream/subscription.js';
import { Subscriptions } from './stream/subscriptions.js';

export interface HubOptions {
  readonly source: Source;
  /** Publish interval. */
  readonly intervalMs: number;
  readonly version: string;
  /** Name of this machine. */
  readonly host: string;
  /** Its kernel's release. */
  readonly kernel: string;
  /** Filter expression: only what matches is published. The source's findings and verdict are about that alone. */
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
  readonly #faults: Faults;
  readonly #clients = new Set<Client>();
  readonly #subscriptions: Subscriptions;
  readonly #ports: PortMaps;
  /** The turn of work that is to come; null: all views are up to date. */
  #turn: Promise<void> | null = null;
  /** Since when questions are counted together, monotonic ms, and how long they have taken since. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #worked = 0;
  /** Runs when the first subscription is opened: from then on ticks must be frequent. */
  onFirstSubscription: () => void = () => {};

  /** Throws BAD_FILTER. */
  constructor(private readonly options: HubOptions) {
    const { source, filter = '', intervalMs, log } = options;
    this.#faults = new Faults(log);
    this.tables = new Tables(source, filter, (operation, attempt) => this.#faults.guard(operation, attempt));
    const { shows, namespaces } = this.tables.scope;
    const events = new EventRouter(source.events, shows, namespaces);
    this.#ports = new PortMaps(source.ports, (budget) => this.tables.publishes('budgets', budget));
    this.#subscriptions = new Subscriptions(this.tables, events, this.#ports, intervalMs, () =>
      this.#turnAtOnce(),
    );
  }

  get tick(): Tick {
    return this.tables.tick;
  }

  get clients(): number {
    return this.#clients.size;
  }

  get hasSubscriptions(): boolean {
    return this.#subscriptions.count > 0;
  }

  /** The tracer's health, and `degraded` while clients do not get all that the tracer has. */
  get health(): HealthBody | null {
    const tracer = this.options.source.health();
    if (tracer === null) return null;
    const health = { ...tracer, version: this.options.version };
    return this.#faults.any
      ? { ...health, status: 'degraded', problems: [...health.problems, UNPUBLISHED] }
      : health;
  }

  get hasHistory(): boolean {
    return this.options.source.history !== undefined;
  }

  /** Null: there is no such budget, or a service-wide filter hides it. The totals are those of the whole machine. */
  historyOf(budget: string | null, seconds: number, now: number): HistoryBody | null {
    this.publishIfStale(now);
    if (budget !== null && !this.tables.publishes('budgets', budget)) return null;
    return this.options.source.history?.body(budget, seconds, this.tables.scope.shows) ?? null;
  }

  /** Null: there is no such budget, a service-wide filter hides it, or nothing would change. */
  change(budget: string, wanted: WantedSettings, now: number): Remedy | null {
    this.publishIfStale(now);
    if (!this.tables.publishes('budgets', budget)) return null;
    return this.options.source.change?.(budget, wanted) ?? null;
  }

  /** Null: there is no such flow, or a service-wide filter hides it. */
  flowDetail(key: string, now: number): FlowDetail | null {
    this.publishIfStale(now);
    if (!this.tables.publishes('flows', key)) return null;
    return this.options.source.flowDetail?.(key, now) ?? null;
  }

  /** Body of GET /api/v1/ports. Throws UNKNOWN_TOPIC, NOT_FOUND or TOO_MANY. */
  async portMap(budget: string, now: number): Promise<string> {
    this.publishIfStale(now);
    const map = this.#ports.acquire(budget, null);
    try {
      for (;;) {
        const made = map.after(0, this.tick);
        if (made !== null) return `{${made.text.whole}`;
        await this.#nextTurn();
      }
    } finally {
      this.#ports.release(map, null);
    }
  }

  /** One publish tick. `now`: Unix ms. Never throws: a failure is logged, and the next tick tries again. */
  publish(now: number): void {
    this.#faults.guard('tick', () => this.tables.collect(now, new ShortTurn(TURN_MS)));
    this.#sendDue();
    this.#workOn();
  }

  #sendDue(): void {
    this.#faults.guard('frames', () => {
      for (const client of this.#clients) client.sendDue();
    });
  }

  /** While views or port maps are behind: a turn of work, then as long a rest, in which the event loop belongs to everything else. */
  #workOn(): void {
    if (this.#turn !== null || (this.tables.isCurrent && this.#ports.isCurrent)) return;
    this.#turn = new Promise((resolve) => setTimeout(resolve, TURN_MS)).then(() => {
      this.#turn = null;
      this.#faults.guard('tick', () => this.#takeTurn(new ShortTurn(TURN_MS)));
      this.#sendDue();
      this.#workOn();
    });
  }

  #takeTurn(turn: Turn): void {
    this.tables.proceed(turn);
    this.#ports.proceed(turn, this.tick);
  }

  /** For what is asked for now. However many ask, the event loop has its rests: then the work begins with the next turn. */
  #turnAtOnce(): Turn {
    const now = performance.now();
    if (now - this.#askedAt > 2 * TURN_MS) {
      this.#askedAt = now;
      this.#worked = 0;
    }
    return this.#worked < TURN_MS ? new ShortTurn(TURN_MS - this.#worked) : ENDED;
  }

  #atOnce<T>(work: () => T): T {
    const from = performance.now();
    try {
      return work();
    } finally {
      this.#worked += performance.now() - from;
    }
  }

  /** Ends after the next turn of work. */
  #nextTurn(): Promise<void> {
    this.#workOn();
    return this.#turn ?? new Promise((resolve) => setTimeout(resolve, TURN_MS));
  }

  /** Without subscriptions ticks are rare: before a single answer the tables are brought up to date. */
  publishIfStale(now: number): void {
    const { seq, time } = this.tick;
    const stale = seq === 0 || (!this.hasSubscriptions && now - time >= this.options.intervalMs);
    if (stale) this.publish(now);
  }

  /** Body of GET /api/v1/snapshot, in parts. Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC or TOO_MANY. */
  async snapshot(topics: readonly TableTopic[], query: TableQuery, now: number): Promise<FrameText[]> {
    this.publishIfStale(now);
    return this.#atOnce(() =>
      this.tables.snapshotInTurns(
        topics,
        query,
        this.#turnAtOnce(),
        () => this.#nextTurn(),
        this.#subscriptions.opening,
      ),
    );
  }

  /** Throws TOO_MANY. The client's first frame is the hello. */
  connect(transport: Transport): Client {
    this.checkCapacity();
    const client = new Client(this, transport);
    this.#clients.add(client);
    transport.send(JSON.stringify(this.#hello()));
    return client;
  }

  /** Throws TOO_MANY when no further client can connect. */
  checkCapacity(): void {
    if (this.#clients.size < MAX_CLIENTS) return;
    throw new PortchurnError('TOO_MANY', `${MAX_CLIENTS} clients are connected already`);
  }

  disconnected(client: Client): void {
    this.#clients.delete(client);
  }

  /** A client's new subscription. Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC, NOT_FOUND or TOO_MANY. */
  open(frame: Subscribe, budget: ClientBudget): Subscription {
    this.publishIfStale(Date.now());
    const subscription = this.#atOnce(() => this.#subscriptions.open(frame, budget));
    if (this.#subscriptions.count === 1) this.onFirstSubscription();
    this.#workOn();
    return subscription;
  }

  #hello(): Hello {
    const { version, host, kernel, intervalMs } = this.options;
    const { mode = 'ebpf', verdictPath = 'ehash', limits = [] } = this.health ?? {};
    return {
      type: 'hello',
      protocol: PROTOCOL,
      version,
      host,
      epoch: this.tables.epoch,
      mode,
      verdictPath,
      limits: [...limits],
      intervalMs,
      topics: [...this.tables.topics, 'events', ...(this.options.source.ports ? (['ports'] as const) : [])],
      kernel,
    };
  }
}
