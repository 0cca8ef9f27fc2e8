/**
 * What-if of one budget: how it stands now and with changes, of the same numbers. In: rows as clients have them, changes. Out: projections.
 * Pure; the command line and the page ask here.
 */
import type { BudgetRow, FlowRow, TotalsRow } from '../protocol/rows.js';
import { type Changes, type Projection, project, UNCHANGED } from './projection.js';

export interface Answer {
  readonly budget: BudgetRow;
  readonly now: Projection;
  readonly projected: Projection;
}

/** Null: the settings of its namespace are not known. @param flows of any destination */
export function answerOf(
  budget: BudgetRow,
  totals: readonly TotalsRow[],
  flows: readonly FlowRow[],
  changes: Changes,
): Answer | null {
  const settings = totals.find(({ netnsId }) => netnsId === budget.netnsId);
  if (settings === undefined) return null;
  const own = flowsOf(budget, flows);
  const now = project(budget, own, settings, UNCHANGED);
  const projected = project(budget, own, settings, changes);
  if (now === null || projected === null) return null;
  return { budget, now: { ...now, exhaustionSeconds: leftOf(budget, now) }, projected };
}

/**
 * The row's own forecast is of what opens; where calls fail, it is what they ask for that runs into the limit, and what would settle above
 * the limit runs into it, also while a few ports are free.
 */
function leftOf({ exhaustionSeconds, blocked }: BudgetRow, now: Projection): number | null {
  const isTooMuch = now.demandPerSec > now.openPerSec || now.settlesAt + (blocked ?? 0) > now.limitEach;
  return isTooMuch ? (exhaustionSeconds ?? now.exhaustionSeconds) : exhaustionSeconds;
}

/** Those that take ports of it. */
export function flowsOf(budget: BudgetRow, flows: readonly FlowRow[]): FlowRow[] {
  const { address, port } = budget.destination;
  return flows.filter(
    ({ netnsId, direction, destination }) =>
      direction === 'out' &&
      netnsId === budget.netnsId &&
      destination.address === address &&
      destination.port === port,
  );
}
