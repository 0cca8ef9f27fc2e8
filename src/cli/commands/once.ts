/**
 * One query of the tables, for commands that answer a question: attach, or trace for a while, then query.
 * In: options, the query. Out: the answer.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { Backends } from '../backends.js';
import type { Io } from '../io.js';
import { withProgress } from '../screen/progress.js';
import type { DataSource } from '../source/data-source.js';
import { type AttachValues, openDataSource } from '../source/open.js';

/** Null: a signal came first. Throws when there is nothing to attach to and no way to trace, or when the source is lost. */
export async function queryOnce<T>(
  values: AttachValues & { duration: number },
  io: Io,
  backends: Backends,
  query: (source: DataSource) => Promise<T>,
): Promise<T | null> {
  const source = await openDataSource(values, [], io, backends);
  const until = AbortSignal.any([io.stop, source.lost]);
  try {
    if (!source.attached) await withProgress(io, 'tracing', values.duration * 1000, until);
    if (io.stop.aborted) return null;
    source.lost.throwIfAborted();
    return await query(source);
  } finally {
    await source.close();
  }
}

/** A mistake in the filter shows before anything is traced. Throws BAD_FILTER. The parser is loaded only for a filter. */
export async function checkFilter(filter: string): Promise<void> {
  if (filter.trim() !== '') (await import('../../query/filter/parse.js')).parseFilter(filter);
}

/** The first row of a table that always has one. */
export function only<Row>(rows: readonly Row[], name: string): Row {
  const [row] = rows;
  if (row === undefined)
    throw new PortchurnError('INTERNAL', `the service has no ${name} yet; ask again in a second`);
  return row;
}
