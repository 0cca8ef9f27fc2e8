/**
 * What publish needs of the engine, and all it knows of it: tables that say what changed, a stream of events, health.
 */
import type { FlowDetail } from './detail.js';
import type { RowOf, TableTopic } from './frames.js';
import type { HealthBody } from './health.js';
import type { HistoryBody } from './history.js';
import type { ConnectionEvent } from './rows.js';

export interface Changes<Row> {
  /** Whole rows, new or changed. */
  set: Row[];
  /** Keys of rows that are gone. */
  del: string[];
}

export interface TableSource<T extends TableTopic> {
  /** What changed since the previous call; the first call gives everything. Called once per publish tick, Unix ms. */
  collect(now: number): Changes<RowOf<T>>;
}

export interface EventInterest {
  /** Events of every process; otherwise only those of `pids`. */
  all: boolean;
  /** Processes to trace in the kernel: connects and raw transitions too. */
  pids: readonly number[];
}

export interface EventSource {
  /** Says who listens to what; null: nobody, so that no event object is ever built. Replaces the previous interest. */
  listen(
    interest: EventInterest | null,
    listener: (events: readonly ConnectionEvent[], dropped: number) => void,
  ): void;
}

export type Health = HealthBody;

export interface HistorySource {
  /** The last `seconds` seconds of one budget, or with null of the totals. Null: there is no such budget. */
  body(budget: string | null, seconds: number): HistoryBody | null;
}

/** A histogram of durations since the start. */
export interface DurationCounts {
  /** Upper bounds in seconds, ascending. */
  bounds: readonly number[];
  /** How many were at most as long as each bound. */
  upTo: readonly number[];
  count: number;
  sumSeconds: number;
}

export interface Source {
  tables: { [T in TableTopic]?: TableSource<T> };
  events: EventSource;
  /** Absent: this source remembers nothing. */
  history?: HistorySource;
  /** One flow by its key, in detail; null: there is no such flow. Absent: this source has none. `now`: Unix ms. */
  flowDetail?(key: string, now: number): FlowDetail | null;
  /** From SYN to ESTABLISHED. Absent: this source does not know. */
  connectDurations?(): DurationCounts;
  /** Events since the start. Absent: this source has none. */
  eventsSeen?(): number;
  /** Null once the tracer has stopped. */
  health(): Health | null;
}
