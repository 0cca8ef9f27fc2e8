/**
 * How much churn matters for a budget: whose it is, how full it gets at this rate. Shared by rules. Pure.
 */
import { fullness, level, outlook, pressure } from '../forecast/outlook.js';
import type { BudgetRow, Endpoint, Evidence, Severity, TotalsRow } from '../protocol/rows.js';
import type { Actor, Tables } from './types.js';

/** Share of the limit that churn must come to hold before anybody should act. */
const WORTH_ACTING = 0.05;
/** The same where connect() may take TIME_WAIT ports over: those count, but far less. */
const WORTH_ACTING_REUSED = 0.25;
/** Who holds less than this share of a budget does not get its severity. */
export const MAIN_HOLDER = 0.25;
const TIME_WAIT_SECONDS = 60;

export function totalsOf(tables: Tables, netnsId: string | null): TotalsRow | undefined {
  return tables.totals.find((row) => row.netnsId === netnsId);
}

interface Place {
  readonly netnsId: string | null;
  readonly destination: Endpoint;
}

/** The same place for all programs of a namespace. */
export const placeKey = ({ netnsId, destination }: Place): string =>
  `${netnsId} ${destination.address} ${destination.port}`;

/** What an actor asks for: what it opens, and of what found no port as much as it holds of the ports. */
export function demandOf(tables: Tables, actor: Actor): number {
  const budget = budgetOf(tables, actor);
  if (budget === undefined || !budget.used) return actor.openPerSec;
  const refused = Math.max(0, (budget.demandPerSec ?? 0) - (budget.openPerSec ?? 0));
  return actor.openPerSec + (refused * actor.portsHeld) / budget.used;
}

/** One pass, so that rules need not search. */
export function fullestBudgets(budgets: Iterable<BudgetRow>): Map<string, BudgetRow> {
  const fullest = new Map<string, BudgetRow>();
  for (const row of budgets) {
    if (row.kind !== 'tuple') continue;
    const key = placeKey(row);
    const known = fullest.get(key);
    if (known === undefined || (fullness(row) ?? 0) > (fullness(known) ?? 0)) fullest.set(key, row);
  }
  return fullest;
}

/** The fullest budget toward the actor's destination; none for what came in. */
export function budgetOf(tables: Tables, actor: Actor): BudgetRow | undefined {
  return actor.direction === 'in' ? undefined : tables.fullest.get(placeKey(actor));
}

/** Ports that TIME_WAIT entries of this stream hold once it has gone on for a minute, over `limit`. */
export function projectedShare(
  actor: Pick<Actor, 'openPerSec' | 'firstShare'>,
  budget: BudgetRow,
  totals: TotalsRow | undefined,
  limit: number,
): number {
  const hold =
    budget.reuse === 'after-delay' ? (totals?.tcpTwReuseDelayMs ?? 1000) / 1000 : TIME_WAIT_SECONDS;
  return (actor.openPerSec * (actor.firstShare ?? 0) * hold) / Math.max(1, limit);
}

/** Severity of churn: by the ports it holds and will hold; the budget's own for an actor that holds much of it. */
export function severityOfChurn(tables: Tables, actor: Actor, budget: BudgetRow | undefined): Severity {
  if (budget === undefined || budget.limit === null) return 'info';
  if (actor.portsHeld < MAIN_HOLDER * ((budget.used ?? 0) + (budget.blocked ?? 0))) return 'info';
  const urgency = level(budget);
  if (urgency !== 'fine') return urgency;
  if ((actor.firstShare ?? 0) < 0.1 && actor.timeWait < WORTH_ACTING * budget.limit) return 'info';
  const asking = { openPerSec: demandOf(tables, actor), firstShare: actor.firstShare };
  const projected = projectedShare(asking, budget, totalsOf(tables, actor.netnsId), budget.limit);
  if (projected >= WORTH_ACTING || pressure(budget) >= WORTH_ACTING_REUSED) return 'warning';
  return budget.reuse === 'after-delay' && (fullness(budget) ?? 0) >= WORTH_ACTING_REUSED
    ? 'warning'
    : 'info';
}

export function budgetEvidence(budget: BudgetRow): Evidence[] {
  const evidence: Evidence[] = [
    { text: 'local ports held toward this destination', value: budget.used },
    { text: 'of these in TIME_WAIT', value: budget.timeWait },
    { text: 'ports there are', value: budget.limit },
  ];
  if ((budget.blocked ?? 0) > 0)
    evidence.push({ text: 'ports that bind() blocks besides', value: budget.blocked });
  if (budget.demandPerSec !== null)
    evidence.push({ text: 'connections asked for per second', value: budget.demandPerSec });
  if (budget.sustainablePerSec !== null)
    evidence.push({ text: 'connections per second that these ports allow', value: budget.sustainablePerSec });
  const next = outlook(budget);
  if (next.state === 'running-out')
    evidence.push({ text: 'seconds until none is left', value: Math.round(next.seconds) });
  return evidence;
}
