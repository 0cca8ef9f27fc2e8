/**
 * `portchurn top`: the culprit table, once or per interval. Enters: options, a Feed. Leaves: table, JSON, NDJSON or CSV on
 * stdout. Called by command-line.ts.
 */

import { SCREEN_LIMIT } from '../../config/options.js';
import type { ValuesOf } from '../../config/serve-config.js';
import { EXIT } from '../../protocol/errors.js';
import { DEFAULT_LIMIT, type SnapshotBody } from '../../protocol/frames.js';
import { specOf } from '../../query/table-query.js';
import { type DataSource, openDataSource, rowsIfAny, rowsOf, type TopicQuery } from '../feed/data-source.js';
import { type Io, pause } from '../io.js';
import { csv, ndjson } from '../screen/export.js';
import { withProgress } from '../screen/progress.js';
import { screen } from '../screen/screen.js';
import { styleFor } from '../screen/style.js';
import { FAILURES_SHOWN, type Machine } from '../screen/summary.js';
import { jsonText } from '../screen/text.js';

type TopValues = ValuesOf<'top'>;

/** How long a standalone `--once` traces when nothing says otherwise, seconds. */
const ONCE_SECONDS = 5;

/** Ports held are the damage; where no audit counts them, opening connections is what causes it. */
const WORST = ['portsHeld', 'openPerSec', 'opened'] as const;

/** Enough of them that the tightest are among these, whatever each is sorted by. */
const BUDGETS_ASKED = 12;

interface Session {
  readonly values: TopValues;
  readonly query: TopicQuery<'flows'>;
  readonly feed: DataSource;
  readonly io: Io;
  /** Aborts when there is nothing more to do here. */
  readonly until: AbortSignal;
}

/** Exit code 0, or 130 after a signal. Throws when there is nothing to attach to and no way to trace, or when it ends. */
export async function top(values: TopValues, io: Io): Promise<number> {
  const query = queryOf(values, io);
  const feed = await openDataSource(values, [], io);
  const session = { values, query, feed, io, until: AbortSignal.any([io.stop, feed.lost]) };
  try {
    await (values.once ? once(session) : live(session));
    if (!io.stop.aborted) feed.lost.throwIfAborted();
  } finally {
    await feed.close();
  }
  return io.stop.aborted && io.stop.reason !== 'pipe' ? EXIT.interrupted : EXIT.ok;
}

/** A mistake in the filter or the sort shows before anything is traced. */
function queryOf({ filter, sort, limit, group, output }: TopValues, io: Io): TopicQuery<'flows'> {
  const onScreen = output === 'table' && io.stdout.isTTY === true;
  const most = limit ?? (onScreen ? SCREEN_LIMIT : DEFAULT_LIMIT);
  const query = {
    topic: 'flows',
    filter,
    limit: most,
    group,
    ...(sort === undefined ? {} : { sort }),
  } as const;
  specOf(query.topic, query, () => null);
  return query;
}

/** A service has been tracing all along; alone, the counts must first come together. */
async function once(session: Session): Promise<void> {
  const { values, feed, io, until } = session;
  if (!feed.attached) await withProgress(io, 'tracing', (values.duration ?? ONCE_SECONDS) * 1000, until);
  if (!until.aborted) await print(session, true);
}

async function live(session: Session): Promise<void> {
  const { values, feed, until } = session;
  const end = Date.now() + (values.duration ?? Number.POSITIVE_INFINITY) * 1000;
  for (let first = true; !until.aborted; first = false) {
    if (!(first && feed.attached)) await pause(Math.min(values.interval, end - Date.now()), until);
    if (!until.aborted) await print(session, first);
    if (Date.now() >= end) return;
  }
}

async function print(session: Session, first: boolean): Promise<void> {
  const body = await culprits(session);
  session.io.stdout.write(await rendered(session, body, first));
}

/** Sorted as asked; else by the first measure of badness of which anything is known. */
async function culprits({ feed, query }: Session): Promise<SnapshotBody> {
  if (query.sort !== undefined) return feed.table(query);
  for (const field of WORST) {
    const body = await feed.table({ ...query, sort: `-${field}` });
    if ((rowsOf(body, 'flows')[0]?.[field] ?? 0) > 0) return body;
  }
  return feed.table(query);
}

async function rendered({ values, feed, io }: Session, body: SnapshotBody, first: boolean): Promise<string> {
  switch (values.output) {
    case 'json':
      return `${jsonText(body)}\n`;
    case 'ndjson':
      return ndjson(rowsOf(body, 'flows'));
    case 'csv':
      return csv('flows', rowsOf(body, 'flows'), first);
    case 'table': {
      const { group, sort, once } = values;
      const machine = await machineOf(feed);
      return screen(body, machine, { group, sort }, styleFor(io, values)) + (once ? '' : '\n');
    }
  }
}

/** The whole machine's, whatever the filter: it selects culprits, not dangers. */
async function machineOf(feed: DataSource): Promise<Machine> {
  const budgets = (sort: string) => rowsIfAny(feed, { topic: 'budgets', sort, limit: BUDGETS_ASKED });
  const [totals, soonest, tightest, failures, verdict, limits] = await Promise.all([
    rowsIfAny(feed, { topic: 'totals' }),
    budgets('exhaustionSeconds'),
    budgets('free'),
    rowsIfAny(feed, { topic: 'failures', sort: '-perSec', limit: FAILURES_SHOWN }),
    rowsIfAny(feed, { topic: 'verdict' }),
    feed.limits(),
  ]);
  const byKey = new Map([...soonest, ...tightest].map((row) => [row.key, row]));
  return { totals, budgets: [...byKey.values()], failures, verdict, limits };
}
