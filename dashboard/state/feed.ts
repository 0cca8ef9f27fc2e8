/**
 * The page's connection to the service: the client's feed, tied to the browser. A hidden page asks for less. In: frames of
 * `portchurn.v1`. Out: each new Replica and Link, through the callbacks.
 */

import { streamUrl } from '../../src/client/connection.js';
import { HttpClient } from '../../src/client/http.js';
import type { Link } from '../../src/client/link.js';
import type { Replica } from '../../src/client/replica.js';
import { ReplicaFeed } from '../../src/client/replica-feed.js';
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
  readonly #feed: ReplicaFeed;

  constructor({ url, onState, onLink, onFrame }: FeedOptions) {
    this.#feed = new ReplicaFeed({
      open: () => new WebSocket(streamUrl(url), SUBPROTOCOL),
      http: new HttpClient({ url, token: null }),
      health: { followRedirects: true },
      onReplica: onState,
      onLink,
      onFrame,
    });
  }

  /** Connects and stays connected for the life of the page. */
  start(): void {
    document.addEventListener('visibilitychange', () => this.#visibility());
    window.addEventListener('online', () => this.#feed.retryNow());
    this.#visibility();
    this.#feed.start();
  }

  setQuery(topic: TableTopic, query: TableQuery): void {
    this.#feed.setQuery(topic, query);
  }

  /** Dropped while there is no link: the next hello starts over. */
  send(frame: ClientFrame): void {
    this.#feed.send(frame);
  }

  #visibility(): void {
    this.#feed.setPace(document.hidden ? HIDDEN_INTERVAL_MS : null);
  }
}
