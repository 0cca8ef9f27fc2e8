/**
 * One look at the tables, for commands that answer a question: attach or trace for a while, then ask. Enters: options, what
 * to ask. Leaves: the answer. Called by why, check and what-if.
 */
import { PortchurnError } from '../../protocol/errors.js';
import { type AttachValues, type DataSource, openDataSource } from '../feed/data-source.js';
import type { Io } from '../io.js';
import { withProgress } from '../screen/progress.js';

/** Null: a signal came first. Throws when there is nothing to attach to and no way to trace, or when it ends. */
export async function askOnce<T>(
  values: AttachValues & { duration: number },
  io: Io,
  ask: (feed: DataSource) => Promise<T>,
): Promise<T | null> {
  const feed = await openDataSource(values, [], io);
  const until = AbortSignal.any([io.stop, feed.lost]);
  try {
    if (!feed.attached) await withProgress(io, 'tracing', values.duration * 1000, until);
    if (io.stop.aborted) return null;
    feed.lost.throwIfAborted();
    return await ask(feed);
  } finally {
    await feed.close();
  }
}

/** The first row of a table that always has one. */
export function only<Row>(rows: readonly Row[], what: string): Row {
  const [row] = rows;
  if (row === undefined)
    throw new PortchurnError('INTERNAL', `the service has no ${what} yet; ask again in a second`);
  return row;
}
