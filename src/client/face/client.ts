/**
 * The library's client. In: how this platform opens a WebSocket and proves who it is, the service's address. Out: tables and events as
 * loops, over one connection that is made anew when it is lost.
 */
import type { ErrorFrame, RowOf, ServerFrame, TableTopic } from '../../protocol/frames.js';
import type { TableQuery } from '../../protocol/table-query.js';
import type { ClientSocket } from '../connection.js';
import { refusal, type ServiceAddress } from '../errors.js';
import { HttpClient } from '../http.js';
import { type Link, type LostReason, reasonOf } from '../link.js';
import { Reconnector } from '../reconnector.js';
import { Subscriptions } from '../subscriptions.js';
import { Feed } from './feed.js';
import type { Client, ConnectOptions, EventBatch, EventQuery } from './types.js';

export interface Platform {
  open(service: ServiceAddress): ClientSocket;
  /** Whether the token goes with a handshake. */
  readonly sendsToken: boolean;
  /** Asked when a handshake was refused for want of a token: whether the next one may succeed. */
  authorize(service: ServiceAddress): Promise<boolean>;
}

/** As many as the service keeps for a client that does not read. */
const MOST_EVENTS = 8192;

/** The oldest go when a loop is so slow that they do not fit. */
function joined(before: EventBatch, next: EventBatch): EventBatch {
  const events = [...before.events, ...next.events];
  const over = Math.max(0, events.length - MOST_EVENTS);
  return { events: events.slice(over), dropped: before.dropped + next.dropped + over };
}

export class PlatformClient implements Client {
  readonly #service: ServiceAddress;
  readonly #feeds = new Set<Pick<Feed<unknown>, 'end'>>();
  readonly #stream: Reconnector;
  readonly #subscriptions: Subscriptions;
  #closed = false;

  constructor(
    private readonly platform: Platform,
    url: string,
    private readonly options: ConnectOptions,
  ) {
    const service: ServiceAddress = { url, token: options.token ?? null };
    this.#service = service;
    this.#stream = new Reconnector({
      open: () => platform.open(service),
      explain: () => this.#explain(),
      onFrame: (frame) => this.#receive(frame),
      onLink: (link) => this.#linked(link),
      onDisconnect: () => undefined,
    });
    this.#subscriptions = new Subscriptions('loop', (frame) => this.#stream.send(frame));
    this.#stream.start();
  }

  table<T extends TableTopic>(topic: T, query: TableQuery = {}): AsyncIterableIterator<RowOf<T>[]> {
    return this.#feed<RowOf<T>[]>(
      (_, next) => next,
      (feed) =>
        this.#subscriptions.table(
          { topic, ...given(query) },
          (rows) => feed.push([...rows.values()]),
          (error) => feed.end(this.#refusal(error)),
        ),
    );
  }

  events(query: EventQuery = {}): AsyncIterableIterator<EventBatch> {
    return this.#feed<EventBatch>(joined, (feed) =>
      this.#subscriptions.events(given(query), {
        frame: ({ events, dropped }) => feed.push({ events, dropped }),
        refused: (error) => feed.end(this.#refusal(error)),
      }),
    );
  }

  close(): void {
    this.#end(null);
  }

  #feed<T>(merge: (before: T, next: T) => T, subscribe: (feed: Feed<T>) => () => void): Feed<T> {
    const feed: Feed<T> = new Feed(merge, () => {
      stop();
      this.#feeds.delete(feed);
    });
    let stop = () => {};
    if (this.#closed) feed.end();
    else {
      this.#feeds.add(feed);
      stop = subscribe(feed);
    }
    return feed;
  }

  #receive(frame: ServerFrame): void {
    this.#subscriptions.receive(frame);
  }

  #linked(link: Link): void {
    if (this.#closed) return;
    this.options.onLink?.(link);
  }

  async #explain(): Promise<LostReason> {
    const reason = await this.#reason();
    if (reason !== 'unauthorized' || (await this.platform.authorize(this.#service))) return reason;
    this.#end(this.#refusal({ code: 'UNAUTHORIZED', message: 'the service does not take this token' }));
    return reason;
  }

  async #reason(): Promise<LostReason> {
    const asked = { ...this.#service, token: this.platform.sendsToken ? this.#service.token : null };
    const answer = await new HttpClient(asked).request('healthz').catch(() => null);
    return reasonOf(answer && { status: answer.status, ok: answer.status >= 200 && answer.status < 300 });
  }

  #refusal(error: Pick<ErrorFrame, 'code' | 'message' | 'column'>): Error {
    return refusal(this.#service, 200, error);
  }

  #end(failure: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const feed of [...this.#feeds]) feed.end(failure);
    this.#stream.stop();
  }
}

/** The parts of a query that have a value: a frame has no others. */
function given<Q extends object>(query: Q): { [K in keyof Q]: NonNullable<Q[K]> } {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof Q]: NonNullable<Q[K]> };
}
