/**
 * The verdict about some budgets only: one namespace, or what a filter selects. The service's own sentence is about the whole
 * machine, so it may speak of others. In: the rows of the scope, their time. Out: a verdict row, in the same words; it has no
 * memory, so it knows no recovery. Names in it are not yet safe to show (hostile.ts).
 */
import { byTightness, fullness, level, outlook, pressure } from '../forecast/outlook.js';
import { clock, endpoint, percent, rate, seconds, UNKNOWN } from '../protocol/format.js';
import type { BudgetRow, FailureRow, FindingRow, VerdictRow } from '../protocol/rows.js';
import { processName } from './names.js';

/** A failure shows that it goes on for this long, ms. */
const FAILING_MS = 3000;

export interface ScopeRows {
  readonly budgets: readonly BudgetRow[];
  readonly failures: readonly FailureRow[];
  readonly findings: readonly FindingRow[];
}

type Said = Pick<VerdictRow, 'level' | 'text' | 'exhaustionSeconds' | 'budget'>;

/** @param time of the rows, Unix ms */
export function scopedVerdict(rows: ScopeRows, time: number): VerdictRow {
  const tightest = tightestOf(rows.budgets);
  const finding = rows.findings.find(({ resolved, severity }) => resolved === null && severity !== 'info');
  return {
    key: 'verdict',
    ...said(rows, tightest, time),
    since: finding?.since ?? Math.round(time),
    finding: finding?.key ?? null,
  };
}

function said(rows: ScopeRows, tightest: BudgetRow | null, time: number): Said {
  const failing = failingNow(rows.failures, time);
  if (failing.length > 0 || isOut(tightest)) return outOfPorts(rows.budgets, tightest, failing);
  return tightest === null || level(tightest) === 'fine' ? fine(tightest) : filling(tightest, time);
}

/** The budget to speak of first; those whose limit is not known say nothing. */
export function tightestOf(budgets: readonly BudgetRow[]): BudgetRow | null {
  const known = budgets.filter(({ limit }) => limit !== null);
  return known.reduce<BudgetRow | null>(
    (best, row) => (best === null || byTightness(row, best) < 0 ? row : best),
    null,
  );
}

/** What fails for want of ports, the fastest first. */
export function failingNow(failures: readonly FailureRow[], time: number): FailureRow[] {
  return failures
    .filter(({ cause }) => cause === 'ports-exhausted' || cause === 'bind-pool-exhausted')
    .filter(({ lastSeen }) => time - (lastSeen ?? 0) < FAILING_MS)
    .sort((a, b) => (b.perSec ?? 0) - (a.perSec ?? 0));
}

export function isOut(budget: BudgetRow | null): boolean {
  return budget !== null && outlook(budget).state === 'out';
}

function outOfPorts(
  budgets: readonly BudgetRow[],
  tightest: BudgetRow | null,
  failing: readonly FailureRow[],
): Said {
  const [worst] = failing;
  const named = worst === undefined ? tightest : budgets.find(({ key }) => key === worst.budget);
  const perSec = failing.reduce((sum, row) => sum + (row.perSec ?? 0), 0);
  const fails =
    worst === undefined
      ? 'Nothing has failed lately, but the next connect would.'
      : `${rate(perSec)} ${worst.call === 'bind' ? 'binds' : 'connects'}/s fail (${worst.errno}).`;
  const text = `Out of ports ${place(named ?? worst ?? tightest)}. ${fails}`;
  return { level: 'critical', text, exhaustionSeconds: 0, budget: named?.key ?? null };
}

/** Where a budget's ports go, or what a failed call wanted. */
export function place(row: BudgetRow | FailureRow | null): string {
  if (row === null) return 'here';
  if ('kind' in row && row.kind === 'bind-pool')
    return `for bind() on ${row.source.address ?? 'any address'}`;
  if (row.destination.address === null) return 'to many destinations';
  return `to ${endpoint(row.destination) ?? UNKNOWN}`;
}

function filling(budget: BudgetRow, time: number): Said {
  const next = outlook(budget);
  const about = { level: 'warning', budget: budget.key } as const;
  const holder = holderName(budget) ?? 'somebody';
  if (next.state !== 'running-out') {
    const text = `${percent(fullness(budget) ?? 0)} of the ports ${place(budget)} are held, most by ${holder}.`;
    return { ...about, text, exhaustionSeconds: null };
  }
  const at = clock(time + next.seconds * 1000);
  const text = `At this rate ${holder} runs out of ports ${place(budget)} in ${seconds(next.seconds)} (${at}).`;
  return { ...about, text, exhaustionSeconds: Math.round(next.seconds * 10) / 10 };
}

/** As an operator knows it: by its unit, else by name and pid. */
function holderName({ holders }: BudgetRow): string | null {
  const process = holders[0]?.process;
  if (process === undefined) return null;
  if (process.unit?.endsWith('.service')) return process.unit;
  const name = processName(process);
  return process.pid === null ? name : `${name ?? 'process'} (pid ${process.pid})`;
}

function fine(tightest: BudgetRow | null): Said {
  const tight =
    tightest === null
      ? 'No outbound connection holds one.'
      : `Tightest budget: ${percent(pressure(tightest))} ${place(tightest)}.`;
  const exhaustionSeconds = tightest?.exhaustionSeconds ?? null;
  return { level: 'ok', text: `Ports are fine. ${tight}`, exhaustionSeconds, budget: tightest?.key ?? null };
}
