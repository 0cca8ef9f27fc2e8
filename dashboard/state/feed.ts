/**
 * The page's connection to the service: ties the client's replica to the reconnecting stream and to the browser. A hidden page
 * asks for less. In: frames of `portchurn.v1`. Out: each new Replica and Link, through the callbacks.
 */

import { streamUrl } from '../../src/client/connection.js';
import { HttpClient } from '../../src/client/http.js';
import { type Link, type LostReason, reasonOf } from '../../src/client/link.js';
import { Reconnector } from '../../src/client/reconnector.js';
import {
  disconnected,
  initial,
  type Replica,
  receive,
  type Step,
  setPace,
  setQuery,
} from '../../src/client/replica.js';
import type { ClientFrame, ServerFrame, TableTopic } from '../../src/protocol/frames.js';
import { HEARTBEAT_MS, SUBPROTOCOL } from '../../src/protocol/names.js';
import type { TableQuery } from '../../src/protocol/table-query.js';

/** Pace of a hidden page, ms; not slower than the heartbeat, so that silence still means trouble. */
const HIDDEN_INTERVAL_MS = HEARTBEAT_MS;

export interface FeedOptions {
  /** The service's address: the page's own. */
  url: string;
  onState(replica: Replica): void;
  onLink(link: Link): void;
  /** Every frame, for subscriptions beside the tables. */
  onFrame(frame: ServerFrame): void;
}

export class Feed {
  #replica = initial();
  readonly #http: HttpClient;
  readonly #stream: Reconnector;

  constructor(private readonly options: FeedOptions) {
    this.#http = new HttpClient({ url: options.url, token: null });
    this.#stream = new Reconnector({
      open: () => new WebSocket(streamUrl(options.url), SUBPROTOCOL),
      explain: () => this.#explain(),
      onFrame: (frame) => this.#receive(frame),
      onLink: options.onLink,
      onDisconnect: () => this.#take({ replica: disconnected(this.#replica), send: [] }),
    });
  }

  /** Connects and stays connected for the life of the page. */
  start(): void {
    document.addEventListener('visibilitychange', () => this.#visibility());
    window.addEventListener('online', () => this.#stream.retryNow());
    this.#visibility();
    this.#stream.start();
  }

  setQuery(topic: TableTopic, query: TableQuery): void {
    this.#take(setQuery(this.#replica, topic, query));
  }

  /** Dropped while there is no link: the next hello starts over. */
  send(frame: ClientFrame): void {
    this.#stream.send(frame);
  }

  #receive(frame: ServerFrame): void {
    this.#take(receive(this.#replica, frame));
    this.options.onFrame(frame);
  }

  #take({ replica, send }: Step): void {
    for (const frame of send) this.send(frame);
    if (replica === this.#replica) return;
    this.#replica = replica;
    this.options.onState(replica);
  }

  /** The same gate guards /healthz, and the status of its answer can be read. */
  async #explain(): Promise<LostReason> {
    const answer = await this.#http.request('healthz', {}, { followRedirects: true }).catch(() => null);
    return reasonOf(answer && { status: answer.status, ok: answer.status >= 200 && answer.status < 300 });
  }

  #visibility(): void {
    this.#take(setPace(this.#replica, document.hidden ? HIDDEN_INTERVAL_MS : null));
  }
}
