/**
 * A data source: where the rows and events of a command come from. Either a running service (remote-source.ts) or a tracer
 * inside this process (standalone-source.ts); open.ts chooses.
 */
import type { TopicQuery } from '../../client/http.js';
import { PortchurnError } from '../../protocol/errors.js';
import type { Problem, RowOf, SnapshotBody, TableTopic } from '../../protocol/frames.js';
import type { ConnectionEvent } from '../../protocol/rows.js';

export interface EventQuery {
  /** Events of these processes, traced in the kernel; empty: of every process. */
  readonly pids: readonly number[];
  readonly filter: string;
  /** Transitions too. */
  readonly raw: boolean;
}

/** `dropped`: events that should have come and did not. */
export type EventListener = (events: readonly ConnectionEvent[], dropped: number) => void;

export interface DataSource {
  /** False: this process traces by itself, and its counts begin now. */
  readonly attached: boolean;
  /** Aborts when no more will come; its reason is the PortchurnError that says why. */
  readonly lost: AbortSignal;
  table(query: TopicQuery): Promise<SnapshotBody>;
  /** Questions that this source cannot answer; empty: none, or an older service that does not say. */
  limits(): Promise<readonly Problem[]>;
  /** Resolves when events flow. At most once per source. */
  events(query: EventQuery, listener: EventListener): Promise<void>;
  close(): Promise<void>;
}

/** The rows of `topic` in a body that was asked for them. */
export function rowsOf<T extends TableTopic>(body: SnapshotBody, topic: T): readonly RowOf<T>[] {
  return (body.topics[topic]?.rows ?? []) as readonly RowOf<T>[];
}

/** The rows of a table that this source may not have: then none. */
export async function rowsIfAny<T extends TableTopic>(
  source: DataSource,
  query: TopicQuery<T>,
): Promise<readonly RowOf<T>[]> {
  try {
    return rowsOf(await source.table(query), query.topic);
  } catch (error) {
    if (error instanceof PortchurnError && error.code === 'UNKNOWN_TOPIC') return [];
    throw error;
  }
}

/**
 * The words of a filter are ANDed, so several processes are several filters; an event that matches one of them is shown. What is
 * not to be shown is not asked for, so that it is not counted as dropped either.
 */
export function filtersOf({ pids, filter, raw }: EventQuery): string[] {
  const shown = raw ? filter : `${filter} !type:transition`.trim();
  return pids.length === 0 ? [shown] : pids.map((pid) => `pid:${pid} ${shown}`.trim());
}
