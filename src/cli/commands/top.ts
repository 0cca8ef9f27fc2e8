/**
 * `portchurn top`: the culprit table, once or per interval. In: options, a data source. Out: table, JSON, NDJSON or
 * CSV on stdout.
 */
import type { TopicQuery } from '../../client/http.js';
import { SCREEN_LIMIT, type ValuesOf } from '../../config/options.js';
import { EXIT } from '../../protocol/errors.js';
import type { SnapshotBody } from '../../protocol/frames.js';
import { DEFAULT_LIMIT } from '../../protocol/names.js';
import type { Backends } from '../backends.js';
import { type Io, pause, taken } from '../io.js';
import { withProgress } from '../screen/progress.js';
import { screen } from '../screen/screen.js';
import { styleFor } from '../screen/style.js';
import { FAILURES_SHOWN, type Machine } from '../screen/summary.js';
import { jsonText, ndjson } from '../screen/text.js';
import { type DataSource, rowsIfAny, rowsOf } from '../source/data-source.js';
import { openDataSource } from '../source/open.js';

type TopValues = ValuesOf<'top'>;

/** How long a standalone `--once` traces without --duration, seconds. */
const ONCE_SECONDS = 5;

/** Ports held are the damage; where no audit counts them, opening connections is the cause. */
const WORST = ['portsHeld', 'openPerSec', 'opened'] as const;

/** Enough of them that the tightest are among these, whatever each is sorted by. */
const BUDGETS_ASKED = 12;

interface Session {
  readonly values: TopValues;
  readonly query: TopicQuery<'flows'>;
  readonly source: DataSource;
  readonly io: Io;
  /** Aborts when there is nothing more to do here. */
  readonly until: AbortSignal;
}

/** Exit code 0, or 130 after a signal. Throws when there is nothing to attach to and no way to trace, or when it ends. */
export async function top(values: TopValues, io: Io, backends: Backends): Promise<number> {
  const query = await queryOf(values, io);
  if (isLive(values, io)) return (await import('../live/top.js')).liveTop(values, io, backends);
  const source = await openDataSource(values, [], io, backends);
  const session = { values, query, source, io, until: AbortSignal.any([io.stop, source.lost]) };
  try {
    await (values.once ? once(session) : live(session));
    if (!io.stop.aborted) source.lost.throwIfAborted();
  } finally {
    await source.close();
  }
  return io.stop.aborted && io.stop.reason !== 'pipe' ? EXIT.interrupted : EXIT.ok;
}

/** Whoever asks for certain rows wants a table of them. */
function isLive({ once, plain, output, sort, limit }: TopValues, { terminal, env }: Io): boolean {
  const asksRows = sort !== undefined || limit !== undefined;
  return terminal !== undefined && env.TERM !== 'dumb' && !once && !plain && output === 'table' && !asksRows;
}

/** A mistake in the filter or the sort shows before anything is traced. */
async function queryOf(
  { filter, sort, limit, group, output }: TopValues,
  io: Io,
): Promise<TopicQuery<'flows'>> {
  const onScreen = output === 'table' && io.stdout.isTTY === true;
  const most = limit ?? (onScreen ? SCREEN_LIMIT : DEFAULT_LIMIT);
  const query = {
    topic: 'flows',
    filter,
    limit: most,
    group,
    ...(sort === undefined ? {} : { sort }),
  } as const;
  if (filter !== '' || sort !== undefined) {
    const { specOf } = await import('../../query/table-query.js');
    specOf(query.topic, query);
  }
  return query;
}

/** A service has been tracing all along; alone, the counts must first come together. */
async function once(session: Session): Promise<void> {
  const { values, source, io, until } = session;
  if (!source.attached) await withProgress(io, 'tracing', (values.duration ?? ONCE_SECONDS) * 1000, until);
  if (!until.aborted) await print(session, true);
}

/** A reader that is slower than the interval gets fewer tables, not old ones. */
async function live(session: Session): Promise<void> {
  const { values, source, io, until } = session;
  const end = Date.now() + (values.duration ?? Number.POSITIVE_INFINITY) * 1000;
  for (let first = true; !until.aborted; first = false) {
    if (!(first && source.attached)) await pause(Math.min(values.interval, end - Date.now()), until);
    if (!until.aborted) await print(session, first);
    if (Date.now() >= end) return;
    await taken(io.stdout, until);
  }
}

async function print(session: Session, first: boolean): Promise<void> {
  const body = await culprits(session);
  session.io.stdout.write(await rendered(session, body, first));
}

/** Sorted as asked; else by the first measure of badness with a known value. */
async function culprits({ source, query }: Session): Promise<SnapshotBody> {
  if (query.sort !== undefined) return source.table(query);
  for (const field of WORST) {
    const body = await source.table({ ...query, sort: `-${field}` });
    if ((rowsOf(body, 'flows')[0]?.[field] ?? 0) > 0) return body;
  }
  return source.table(query);
}

async function rendered(
  { values, source, io }: Session,
  body: SnapshotBody,
  first: boolean,
): Promise<string> {
  switch (values.output) {
    case 'json':
      return `${jsonText(body)}\n`;
    case 'ndjson':
      return ndjson(rowsOf(body, 'flows'));
    case 'csv':
      return (await import('../screen/csv.js')).csv('flows', rowsOf(body, 'flows'), first);
    case 'table': {
      const { group, sort, once } = values;
      const machine = await machineOf(source);
      return screen(body, machine, { group, sort }, styleFor(io, values)) + (once ? '' : '\n');
    }
  }
}

/** Of the whole machine, whatever the filter: that selects culprits, not dangers. */
async function machineOf(source: DataSource): Promise<Machine> {
  const budgets = (sort: string) => rowsIfAny(source, { topic: 'budgets', sort, limit: BUDGETS_ASKED });
  const [totals, soonest, tightest, failures, verdict, limits] = await Promise.all([
    rowsIfAny(source, { topic: 'totals' }),
    budgets('exhaustionSeconds'),
    budgets('free'),
    rowsIfAny(source, { topic: 'failures', sort: '-perSec', limit: FAILURES_SHOWN }),
    rowsIfAny(source, { topic: 'verdict' }),
    source.limits(),
  ]);
  const byKey = new Map([...soonest, ...tightest].map((row) => [row.key, row]));
  return { totals, budgets: [...byKey.values()], failures, verdict, limits };
}
