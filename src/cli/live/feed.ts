/**
 * The service as a live screen follows it: the tables, sorted and cut to what is shown, for as long as the program runs; and what is
 * looked at beside them. In: a target. Out: each new Replica and Link, rows and events.
 */
import type { ClientSocket } from '../../client/connection.js';
import type { Link } from '../../client/link.js';
import type { Replica } from '../../client/replica.js';
import { ReplicaFeed } from '../../client/replica-feed.js';
import { Subscriptions } from '../../client/subscriptions.js';
import type { PortsFrame, TableTopic } from '../../protocol/frames.js';
import type { ConnectionEvent, FlowRow } from '../../protocol/rows.js';
import type { TableQuery } from '../../protocol/table-query.js';
import { frameFault } from '../source/answers.js';
import { openSocket } from '../source/socket.js';
import { httpClient, type Target } from '../source/target.js';

/** Of one destination; beyond these are the ones that open least. */
const MOST_FLOWS = 1000;
/** A screen's tables are small; more is not a service's answer to this program. */
const MAX_FRAME = 16_000_000;

export interface FeedEvents {
  onReplica(replica: Replica): void;
  onLink(link: Link): void;
  /** What the service sends is not as the protocol promises: it may be of another version. */
  onFault(fault: string): void;
}

/** What is followed beside the tables. */
export type SideFeed = Pick<LiveFeed, 'follow' | 'flows' | 'ports'>;

export class LiveFeed {
  readonly #feed: ReplicaFeed;
  readonly #sides = new Subscriptions('live', (frame) => this.#feed.send(frame));

  constructor(target: Target, { onReplica, onLink, onFault }: FeedEvents) {
    this.#feed = new ReplicaFeed({
      open: (): ClientSocket => openSocket(target, MAX_FRAME),
      http: httpClient(target),
      onReplica,
      onLink,
      onFrame: (frame) => this.#sides.receive(frame),
      accepts: (frame) => {
        const fault = frameFault(frame);
        if (fault !== null) onFault(fault);
        return fault === null;
      },
    });
  }

  start(): void {
    this.#feed.start();
  }

  setQuery(topic: TableTopic, query: TableQuery): void {
    this.#feed.setQuery(topic, query);
  }

  /** The events of one process from now on, at most so many at once. Returns a function that ends it. */
  follow(
    pid: number,
    limit: number,
    listener: (events: readonly ConnectionEvent[], dropped: number) => void,
  ): () => void {
    return this.#sides.events(
      { filter: `pid:${pid} !type:transition`, limit },
      { frame: ({ events, dropped }) => listener(events, dropped), refused: () => undefined },
    );
  }

  /** The flows that match, whatever the tables show; all their processes, since a sum has no durations. Returns a function that ends it. */
  flows(filter: string, onRows: (rows: readonly FlowRow[]) => void): () => void {
    const request = { topic: 'flows', filter, sort: '-openPerSec', limit: MOST_FLOWS } as const;
    return this.#sides.table(request, (rows) => onRows([...rows.values()]));
  }

  /** The port map of a budget, so often; null: the service has none. Returns a function that ends it. */
  ports(budget: string, intervalMs: number, onMap: (map: PortsFrame | null) => void): () => void {
    return this.#sides.ports(budget, { frame: onMap, refused: () => onMap(null) }, intervalMs);
  }

  stop(): void {
    this.#feed.stop();
  }
}
