/**
 * The service as a live screen follows it: the tables, sorted and cut to what is shown, for as long as the program runs; and the
 * events of the process that is looked at. In: a target. Out: each new Replica and Link, events.
 */
import { WebSocket } from 'ws';
import { type ClientSocket, streamUrl } from '../../client/connection.js';
import { authorization } from '../../client/http.js';
import { type Link, type LostReason, reasonOf } from '../../client/link.js';
import { Reconnector } from '../../client/reconnector.js';
import { disconnected, initial, type Replica, receive, type Step, setQuery } from '../../client/replica.js';
import { Subscriptions } from '../../client/subscriptions.js';
import type { ServerFrame, TableTopic } from '../../protocol/frames.js';
import { SUBPROTOCOL } from '../../protocol/names.js';
import type { ConnectionEvent, FlowRow } from '../../protocol/rows.js';
import type { TableQuery } from '../../protocol/table-query.js';
import { frameFault } from '../source/answers.js';
import { httpClient, type Target } from '../source/target.js';

/** Of one destination; beyond these are the ones that open least. */
const MOST_FLOWS = 1000;
/** A screen's tables are small; more is not a service's answer to this program. */
const MAX_FRAME = 16_000_000;

export interface FeedEvents {
  onReplica(replica: Replica): void;
  onLink(link: Link): void;
}

export class LiveFeed {
  #replica = initial();
  readonly #stream: Reconnector;
  readonly #sides = new Subscriptions('live', (frame) => this.#stream.send(frame));

  constructor(
    private readonly target: Target,
    private readonly events: FeedEvents,
  ) {
    this.#stream = new Reconnector({
      open: () => this.#open(),
      explain: () => this.#explain(),
      onFrame: (frame) => this.#receive(frame),
      onLink: events.onLink,
      onDisconnect: () => this.#take({ replica: disconnected(this.#replica), send: [] }),
    });
  }

  start(): void {
    this.#stream.start();
  }

  setQuery(topic: TableTopic, query: TableQuery): void {
    this.#take(setQuery(this.#replica, topic, query));
  }

  /** The events of one process from now on. Returns a function that ends it. */
  follow(pid: number, listener: (events: readonly ConnectionEvent[], dropped: number) => void): () => void {
    return this.#sides.events(
      { filter: `pid:${pid} !type:transition` },
      { frame: ({ events, dropped }) => listener(events, dropped), refused: () => undefined },
    );
  }

  /** The flows that match, whatever the tables show; all their processes, since a sum has no durations. Returns a function that ends it. */
  flows(filter: string, onRows: (rows: readonly FlowRow[]) => void): () => void {
    const request = { topic: 'flows', filter, sort: '-openPerSec', limit: MOST_FLOWS } as const;
    return this.#sides.table(request, (rows) => onRows([...rows.values()]));
  }

  stop(): void {
    this.#stream.stop();
  }

  #open(): ClientSocket {
    const { service, dial } = this.target;
    const socket = new WebSocket(streamUrl(service.url), [SUBPROTOCOL], {
      headers: authorization(service),
      maxPayload: MAX_FRAME,
      perMessageDeflate: false,
      ...(dial && { createConnection: dial as never }),
    });
    return socket;
  }

  /** A frame that breaks the protocol is as good as none. */
  #receive(frame: ServerFrame): void {
    if (frameFault(frame) !== null) return;
    this.#take(receive(this.#replica, frame));
    this.#sides.receive(frame);
  }

  #take({ replica, send }: Step): void {
    for (const frame of send) this.#stream.send(frame);
    if (replica === this.#replica) return;
    this.#replica = replica;
    this.events.onReplica(replica);
  }

  async #explain(): Promise<LostReason> {
    const answer = await httpClient(this.target)
      .request('healthz')
      .catch(() => null);
    return reasonOf(answer && { status: answer.status, ok: answer.status >= 200 && answer.status < 300 });
  }
}
