/**
 * The verdict about some budgets only: one namespace, or what a filter selects. The service's own sentence is about the whole
 * machine, so it may speak of others. In: the rows of the scope, their time. Out: a verdict row, in the same words; it has no
 * memory, so it knows no recovery. Names in it are not yet safe to show (protocol/format.ts).
 */

import { byHarm } from '../forecast/harm.js';
import { failingNow, isOut, level, outlook, tightestOf } from '../forecast/outlook.js';
import { fineText, heldText, outOfPortsText, runningOutText } from '../forecast/outlook-words.js';
import { isBlockedByUnknown, takersOf } from '../forecast/takers.js';
import { tenths } from '../protocol/format.js';
import type { BudgetRow, FailureRow, FindingRow, IncidentRow, VerdictRow } from '../protocol/rows.js';

export interface ScopeRows {
  readonly budgets: readonly BudgetRow[];
  readonly failures: readonly FailureRow[];
  readonly findings: readonly FindingRow[];
  readonly incidents: readonly IncidentRow[];
}

type Said = Pick<VerdictRow, 'level' | 'text' | 'exhaustionSeconds' | 'budget'>;

/** @param time of the rows, Unix ms */
export function scopedVerdict(rows: ScopeRows, time: number): VerdictRow {
  const tightest = tightestOf(rows.budgets);
  const finding = rows.findings.find(({ resolved, severity }) => resolved === null && severity !== 'info');
  const open = rows.incidents.filter(({ state, severity }) => state === 'open' && severity !== 'info');
  const [worst] = open.sort(byHarm);
  const ofPorts = said(rows, tightest, time);
  return {
    key: 'verdict',
    ...(ofPorts.level === 'ok' && worst !== undefined ? ofIncident(worst) : ofPorts),
    since: worst?.since ?? finding?.since ?? Math.round(time),
    finding: finding?.key ?? null,
    incident: worst?.key ?? null,
    others: Math.max(0, open.length - 1),
    named: [],
  };
}

/** What fails although ports are free. */
function ofIncident({ severity, title, exhaustionSeconds, budget }: IncidentRow): Said {
  const level = severity === 'critical' ? 'critical' : 'warning';
  return { level, text: title, exhaustionSeconds, budget };
}

function said(rows: ScopeRows, tightest: BudgetRow | null, time: number): Said {
  const failing = failingNow(rows.failures, time);
  if (failing.length > 0 || isOut(tightest)) return outOfPorts(rows.budgets, tightest, failing);
  return tightest === null || level(tightest) === 'fine' ? fine(tightest) : filling(tightest, time);
}

function outOfPorts(
  budgets: readonly BudgetRow[],
  tightest: BudgetRow | null,
  failing: readonly FailureRow[],
): Said {
  const [worst] = failing;
  const named = worst === undefined ? tightest : budgets.find(({ key }) => key === worst.budget);
  const text = outOfPortsText(named ?? worst ?? tightest, failing, null);
  return { level: 'critical', text, exhaustionSeconds: 0, budget: named?.key ?? null };
}

function filling(budget: BudgetRow, time: number): Said {
  const next = outlook(budget);
  const about = { level: 'warning', budget: budget.key } as const;
  const holder = isBlockedByUnknown(budget) ? null : (holderName(budget) ?? 'somebody');
  if (next.state !== 'running-out') {
    return { ...about, text: heldText(budget, holder), exhaustionSeconds: null };
  }
  const text = runningOutText(budget, holder, next.seconds, time);
  return { ...about, text, exhaustionSeconds: tenths(next.seconds) };
}

/** As an operator knows it: by its unit, else by name and pid. */
function holderName(budget: BudgetRow): string | null {
  const process = takersOf(budget)[0]?.process;
  if (process === undefined) return null;
  if (process.unit?.endsWith('.service')) return process.unit;
  const { name, pid } = process;
  return pid === null ? name : `${name ?? 'process'} (pid ${pid})`;
}

function fine(tightest: BudgetRow | null): Said {
  const text = fineText(tightest, 'No outbound connection holds one.');
  const exhaustionSeconds = tightest?.exhaustionSeconds ?? null;
  return { level: 'ok', text, exhaustionSeconds, budget: tightest?.key ?? null };
}
