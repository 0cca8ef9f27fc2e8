/** How the tracer is, for /healthz. In: the engine's counters and namespaces. Out: the body. */
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { NamespaceTable } from '../aggregate/tables/namespace-table.js';
import type { Lost } from '../protocol/rows.js';
import type { Health } from '../protocol/source.js';
import type { LossTimes } from './losses.js';
import { problemsOf } from './problems.js';
import type { TracingMode } from './tracing-mode.js';

/** CLOCK_MONOTONIC ms. */
export interface Moments {
  nowMs: number;
  startedAt: number;
  lossTimes: LossTimes;
}

export function healthOf(tracing: TracingMode, lost: Lost, aggregator: Aggregator, at: Moments): Health {
  const { mode, tracer, limits } = tracing;
  const { timeWait, ...audit } = auditHealth(aggregator.namespaces, at.nowMs);
  return {
    status: mode === 'polling' ? 'degraded' : 'ok',
    mode,
    verdictPath: tracer.outcomePath(),
    limits: [...limits],
    hooks: hookNames(tracer.hooks()),
    lost,
    ...audit,
    problems: problemsOf({
      ...audit,
      timeWait,
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

/** Their names alone; an iterator is no tracepoint. */
function hookNames(sections: readonly string[]): string[] {
  return [...new Set(sections.map((section) => section.replace(/^(tp_btf|tp\/syscalls)\//, '')))];
}
