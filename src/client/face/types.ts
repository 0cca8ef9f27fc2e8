/** What a program that uses the package as a library sees; the package's declarations are this file with its imports spelt out. */
import type { RowOf, TableTopic } from '../../protocol/frames.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { TableQuery } from '../../protocol/table-query.js';
import type { Link, LostReason } from '../link.js';

/** Why there is no connection, as far as can be found out. */
export type NoLink = LostReason;

export interface ConnectOptions {
  /** Of a service that asks for one. */
  token?: string | undefined;
  /** Called at each change of the connection: it is made anew, with growing pauses, until close(). */
  onLink?: ((link: Link) => void) | undefined;
}

export interface EventQuery {
  /** As `trace --filter` takes it. */
  filter?: string | undefined;
  /** Largest number of events in a batch, the newest ones. */
  limit?: number | undefined;
}

export interface EventBatch {
  events: ConnectionEvent[];
  /** Events since the batch before that are not in this one: too many, or lost by the kernel. */
  dropped: number;
}

/**
 * Each loop has a subscription of its own, which ends when the loop is left. A loop that is slow gets the newest rows, and of events as many as
 * fit; what did not is counted. What the service refuses, a wrong filter or token, is thrown in the loop.
 */
export interface Client {
  /** The rows of a table now, and again whenever they change. */
  table<T extends TableTopic>(topic: T, query?: TableQuery): AsyncIterableIterator<RowOf<T>[]>;
  /** Opens, closes and failed calls as they happen; the first batch is empty and says that they flow. */
  events(query?: EventQuery): AsyncIterableIterator<EventBatch>;
  /** Ends all loops and the connection. */
  close(): void;
}
