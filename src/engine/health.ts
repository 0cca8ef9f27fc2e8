/** How the tracer is, for /healthz. In: the engine's counters and namespaces. Out: the body. */
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import type { NamespaceTable } from '../aggregate/tables/namespace-table.js';
import type { Lost } from '../protocol/rows.js';
import type { Health } from '../protocol/source.js';
import type { NetworkNamespaces } from '../system/netns.js';
import type { LossTimes } from './losses.js';
import { AUDIT_OLD_MS, type Late, problemsOf } from './problems.js';
import type { TracingMode } from './tracing-mode.js';

/** CLOCK_MONOTONIC ms. */
export interface Moments {
  nowMs: number;
  startedAt: number;
  lossTimes: LossTimes;
}

export function healthOf(
  tracing: TracingMode,
  lost: Lost,
  aggregator: Aggregator,
  discovered: Pick<NetworkNamespaces, 'nameOf' | 'trouble'>,
  at: Moments,
): Health {
  const { mode, tracer, limits } = tracing;
  const late = lateAudits(aggregator.namespaces, discovered, at);
  const { timeWait, ...audit } = auditHealth(aggregator.namespaces, at.nowMs);
  return {
    status: mode === 'polling' || late !== null ? 'degraded' : 'ok',
    mode,
    verdictPath: tracer.outcomePath(),
    limits: [...limits],
    hooks: hookNames(tracer.hooks()),
    lost,
    ...audit,
    problems: problemsOf({
      ...audit,
      timeWait,
      late,
      discovery: discovered.trouble,
      lostAgoMs: since(at.lossTimes.lostAt, at.nowMs),
      lost,
      missedAgoMs: since(at.lossTimes.missedAt, at.nowMs),
      uptimeMs: at.nowMs - at.startedAt,
      withoutStorage: tracer.stats().spareStates,
      full: aggregator.fullTables(),
    }),
  };
}

const since = (then: number | null, nowMs: number) => (then === null ? null : nowMs - then);

/** Over all namespaces; the age of the oldest audit of one that holds TIME_WAIT entries. */
function auditHealth(
  namespaces: NamespaceTable,
  nowMs: number,
): Pick<Health, 'coverage' | 'auditAgeMs'> & { timeWait: number } {
  const all = [...namespaces.all()].filter(({ states }) => states !== null);
  const timeWait = all.reduce((sum, { timeWait }) => sum + timeWait, 0);
  if (all.length === 0) return { coverage: null, auditAgeMs: null, timeWait };
  const attributed = all.reduce((sum, { timeWaitAttributed }) => sum + timeWaitAttributed, 0);
  const holding = all.filter(({ timeWait }) => timeWait > 0);
  const oldest = Math.min(...(holding.length > 0 ? holding : all).map(({ auditedAt }) => auditedAt));
  const coverage = timeWait === 0 ? 1 : attributed / timeWait;
  return { coverage, auditAgeMs: Math.round(nowMs - oldest / 1e6), timeWait };
}

/** Of those with budgets. One whose first event came a moment ago has had no time for an audit. */
function lateAudits(
  namespaces: NamespaceTable,
  discovered: Pick<NetworkNamespaces, 'nameOf'>,
  { nowMs, startedAt }: Moments,
): Late | null {
  const since = ({ auditedAt, firstSeen }: Namespace) =>
    Math.max(auditedAt / 1e6, firstSeen / 1e6, startedAt);
  const late = [...namespaces.all()]
    .filter((namespace) => namespace !== namespaces.rest && namespace.isLiving && namespace.budgets > 0)
    .filter((namespace) => nowMs - since(namespace) > AUDIT_OLD_MS)
    .sort((a, b) => since(a) - since(b));
  const [oldest] = late;
  if (oldest === undefined) return null;
  const name = discovered.nameOf(oldest.inode, oldest.cookie) ?? String(oldest.inode);
  return { count: late.length, name, ageMs: nowMs - since(oldest) };
}

/** Their names alone; an iterator is no tracepoint. */
function hookNames(sections: readonly string[]): string[] {
  return [...new Set(sections.map((section) => section.replace(/^(tp_btf|tp\/syscalls)\//, '')))];
}
