/**
 * Which budget the timeline shows while the user has chosen none: what the verdict is about, else the tightest; not another
 * one every second. In: the one shown, verdict, budgets. Out: a key; null: the totals. Pure.
 */
import { byTightness, level, pressure } from '../../../src/forecast/outlook.js';
import type { BudgetRow, VerdictRow } from '../../../src/protocol/rows.js';

/** Without an alarm another budget takes over only when it is fuller by this share of its limit. */
const CLEARLY = 0.05;

/** Pools of bind() have no curve of their own. */
export const withHistory = (budgets: ReadonlyMap<string, BudgetRow>) =>
  [...budgets.values()].filter(({ kind }) => kind === 'tuple');

/** The filter that exactly this budget passes. Null: no budget has such a key. */
export function filterOfKey(key: string): string | null {
  const id = /^(\d+)\/[\w./:%[\]-]+$/.exec(key)?.[1];
  return id === undefined ? null : `netnsId:${id} key:*${key}`;
}

/** @param except a key that the service has no history of, for now */
export function automatic(
  shown: string | null,
  verdict: Pick<VerdictRow, 'level' | 'budget'> | null,
  budgets: ReadonlyMap<string, BudgetRow>,
  except: string | null = null,
): string | null {
  const candidates = withHistory(budgets).filter(({ key }) => key !== except);
  const isAlarm = verdict?.level === 'critical' || verdict?.level === 'warning';
  const alarming = isAlarm ? candidates.find(({ key }) => key === verdict.budget) : undefined;
  if (alarming !== undefined && level(alarming) !== 'fine') return alarming.key;
  // A recovery names its budget as long as that has a row; after that the budget shown stays.
  if (verdict?.level === 'recovered') return shown !== null && !budgets.has(shown) ? shown : verdict.budget;
  // An alarm that is about to end may name the budget that is tightest then: the one that it began with stays.
  if (isAlarm && shown !== null) return shown;
  const best = candidates.filter(({ used }) => (used ?? 0) > 0).sort(byTightness)[0];
  const current = shown === null ? undefined : budgets.get(shown);
  const isIdle = current === undefined || (current.used ?? 0) === 0;
  if (best === undefined) return shown;
  return isIdle || pressure(best) - pressure(current) > CLEARLY ? best.key : shown;
}
