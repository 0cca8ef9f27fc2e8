/**
 * A client's replica of the service's tables, kept by a stream that reconnects: what the page and the live screen have in common. In:
 * sockets, the service's HTTP half. Out: each new Replica and Link, and every frame for subscriptions beside the tables.
 */
import type { ClientFrame, ServerFrame, TableTopic } from '../protocol/frames.js';
import type { TableQuery } from '../protocol/table-query.js';
import type { ClientSocket } from './connection.js';
import type { HttpClient, RequestOptions } from './http.js';
import { type Link, type LostReason, reasonOf } from './link.js';
import { Reconnector } from './reconnector.js';
import { disconnected, initial, type Replica, receive, type Step, setPace, setQuery } from './replica.js';

export interface ReplicaFeedOptions {
  open(): ClientSocket;
  /** Says why a handshake failed: the same gate guards /healthz, and the status of its answer can be read. */
  readonly http: HttpClient;
  readonly health?: RequestOptions;
  onReplica(replica: Replica): void;
  onLink(link: Link): void;
  onFrame(frame: ServerFrame): void;
  /** Whether a frame is as the protocol promises; one that is not is passed over. Absent: they all are. */
  accepts?(frame: ServerFrame): boolean;
}

export class ReplicaFeed {
  #replica = initial();
  readonly #stream: Reconnector;

  constructor(private readonly options: ReplicaFeedOptions) {
    this.#stream = new Reconnector({
      open: options.open,
      explain: () => this.#explain(),
      onFrame: (frame) => this.#receive(frame),
      onLink: options.onLink,
      onDisconnect: () => this.#take({ replica: disconnected(this.#replica), send: [] }),
    });
  }

  /** Connects and stays connected until it is stopped. */
  start(): void {
    this.#stream.start();
  }

  stop(): void {
    this.#stream.stop();
  }

  /** Does not wait for the next attempt: the network is back. */
  retryNow(): void {
    this.#stream.retryNow();
  }

  setQuery(topic: TableTopic, query: TableQuery): void {
    this.#take(setQuery(this.#replica, topic, query));
  }

  /** Publish interval asked for, ms; null: the service's own. */
  setPace(intervalMs: number | null): void {
    this.#take(setPace(this.#replica, intervalMs));
  }

  /** Dropped while there is no link: the next hello starts over. */
  send(frame: ClientFrame): void {
    this.#stream.send(frame);
  }

  #receive(frame: ServerFrame): void {
    if (this.options.accepts?.(frame) === false) return;
    this.#take(receive(this.#replica, frame));
    this.options.onFrame(frame);
  }

  #take({ replica, send }: Step): void {
    for (const frame of send) this.send(frame);
    if (replica === this.#replica) return;
    this.#replica = replica;
    this.options.onReplica(replica);
  }

  async #explain(): Promise<LostReason> {
    const { http, health } = this.options;
    const answer = await http.request('healthz', {}, health).catch(() => null);
    return reasonOf(answer && { status: answer.status, ok: answer.status >= 200 && answer.status < 300 });
  }
}
