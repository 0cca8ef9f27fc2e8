/**
 * What stands above the culprit table: the verdict, the machine in a line, whether TIME_WAIT is accounted for, the tightest
 * budgets, what fails. In: rows of the small tables. Out: lines.
 */
import { byTightness, fullness, level } from '../../forecast/outlook.js';
import { duration, integer, lostWords, percent, rate, stamp } from '../../protocol/format.js';
import type { Problem } from '../../protocol/frames.js';
import type { BudgetRow, FailureRow, TotalsRow, VerdictRow } from '../../protocol/rows.js';
import { census } from '../../view/census.js';
import { lossesOf, lossText } from '../../view/losses.js';
import { BUDGET_TONES, VERDICT_TONES } from '../../view/tone.js';
import { budgetColumns, holder, type NamespaceOf } from './budget-columns.js';
import { failureColumns } from './failure-columns.js';
import { glyphOf, paintOf, type Style } from './style.js';
import { tableLines } from './table.js';
import { printable } from './text.js';

/** The tables beside the flows; what a service does not have is empty. */
export interface Machine {
  readonly totals: readonly TotalsRow[];
  readonly budgets: readonly BudgetRow[];
  readonly failures: readonly FailureRow[];
  readonly verdict: readonly VerdictRow[];
  readonly limits: readonly Problem[];
}

export const BUDGETS_SHOWN = 3;
export const FAILURES_SHOWN = 3;

/** `time`: of the snapshot, Unix ms. */
export function summaryLines(time: number, machine: Machine, style: Style): string[] {
  return [
    ...machine.verdict.map((row) => verdictLine(row, style)),
    headLine(time, machine.totals, style),
    accountLine(machine.totals, style),
    ...lossLine(machine.totals, style),
    ...limitLines(machine.limits, style),
    ...budgetLines(machine, style),
    ...failureLines(machine, style),
  ];
}

function verdictLine({ level, text }: VerdictRow, { colors, glyphs }: Style): string {
  const tone = VERDICT_TONES[level];
  return colors.bold(paintOf(tone, colors)(`${glyphOf(tone, glyphs)} ${printable(text)}`));
}

/** Null when no namespace knows. */
function sum(totals: readonly TotalsRow[], field: 'openPerSec' | 'failPerSec'): number | null {
  const known = totals.map((row) => row[field]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}

function headLine(time: number, totals: readonly TotalsRow[], { glyphs }: Style): string {
  const opens = rate(sum(totals, 'openPerSec')) ?? glyphs.unknown;
  const failures = rate(sum(totals, 'failPerSec')) ?? glyphs.unknown;
  return [stamp(time), `opens ${opens}/s`, `failures ${failures}/s`].join(` ${glyphs.dot} `);
}

function accountLine(totals: readonly TotalsRow[], { glyphs }: Style): string {
  const sums = census(totals);
  if (sums === null) return `TIME_WAIT ${glyphs.unknown} ${glyphs.dot} kernel not checked yet`;
  const { ours, owned, ageMs } = sums;
  const owners = `${percent(owned / ours)} of ${integer(ours)} TIME_WAIT have an owner`;
  return `${ours === 0 ? 'no TIME_WAIT' : owners} ${glyphs.dot} kernel checked ${duration(ageMs)} ago`;
}

function lossLine(totals: readonly TotalsRow[], { colors, glyphs }: Style): string[] {
  const losses = lossesOf(totals);
  if (losses === null || losses.total === 0) return [];
  return [colors.yellow(`${glyphs.warn} ${lossText(losses, totals)} (${lostWords(losses)})`)];
}

export function limitLines(limits: readonly Problem[], { colors, glyphs }: Style): string[] {
  return limits.flatMap(({ what, why, fix }) => [
    `${colors.yellow(`${glyphs.warn} ${printable(what)}`)} ${printable(why)}`,
    ...(fix ?? '')
      .split('\n')
      .filter(Boolean)
      .map((step) => `  ${glyphs.arrow} ${printable(step)}`),
  ]);
}

function budgetLines({ budgets, totals }: Machine, style: Style): string[] {
  const known = budgets.filter((row) => (fullness(row) ?? 0) > 0);
  const tightest = known.sort(byTightness).slice(0, BUDGETS_SHOWN);
  const columns = budgetColumns(tightest, namespacesOf(tightest, totals));
  return headless(tableLines(columns, tightest, style)).map((line, at) => {
    const row = tightest[at];
    const tone = row === undefined ? 'good' : BUDGET_TONES[level(row)];
    return tone === 'good' ? line : paintOf(tone, style.colors)(line);
  });
}

/** Null: there is one, which needs no name. */
function namespacesOf(
  rows: readonly Pick<BudgetRow, 'netnsId'>[],
  totals: readonly TotalsRow[],
): NamespaceOf {
  const several = new Set(rows.map((row) => row.netnsId)).size > 1 || totals.length > 1;
  const names = new Map(totals.map((row) => [row.netnsId, row.name]));
  return several ? (id) => names.get(id) ?? null : null;
}

function failureLines({ failures, budgets, totals }: Machine, style: Style): string[] {
  const now = failures.filter((row) => (row.perSec ?? 0) > 0).slice(0, FAILURES_SHOWN);
  const byKey = new Map(budgets.map((row) => [row.key, row]));
  const columns = failureColumns(
    (key) => {
      const budget = key === null ? undefined : byKey.get(key);
      return budget === undefined ? null : holder(budget);
    },
    namespacesOf(now, totals),
  );
  return headless(tableLines(columns, now, style)).map(style.colors.red);
}

/** Lines that explain themselves need no titles. */
function headless([, ...lines]: readonly string[]): string[] {
  return lines;
}
