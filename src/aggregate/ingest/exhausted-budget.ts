/**
 * Which ports ran out? The kernel says that a connect() found none; here is the budget that it wanted one of, and whether its
 * gauges agree. In: a failed connect()'s flow and event. Out: its budget, and whether that is full. No state.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { portLimit } from '../../forecast/port-range.js';
import type { Budget } from '../model/budget.js';
import type { Flow } from '../model/flow.js';
import type { BudgetTable } from '../tables/budget-table.js';

/**
 * What the gauges may lack and still agree. One port: an odd range hides it. A share of the range: the kernel frees a port
 * up to two seconds after its timer, and attempts under way, of which no event has come yet, hold ports too.
 */
const LACK_PORTS = 1;
const LACK_SHARE = 0.02;
/** Sources looked at for a full budget: one machine may have as many as a /8 of loopback addresses, and every failure asks. */
const MOST_SOURCES = 64;

/** Null: not known, since the namespace's settings were not read yet. */
export function isFull(budget: Budget): boolean | null {
  const { sysctls, blockedPorts } = budget.namespace;
  if (sysctls === null) return null;
  const limit = portLimit(sysctls);
  if (limit === null) return null;
  const taken = budget.used + Math.max(0, blockedPorts - budget.bound);
  return taken >= limit - Math.max(LACK_PORTS, Math.floor(limit * LACK_SHARE));
}

/**
 * The budget that a failed connect() wanted a port of. Without a source address it may have been any toward that
 * destination: a full one, if there is one among the first. Null when there are too many budgets.
 */
export function wantedBudget(budgets: BudgetTable, flow: Flow, event: TcpEvent): Budget | null {
  if (hasSource(event)) return budgets.of(flow, event);
  const last = flow.lastFailure?.budget ?? null;
  if (last !== null && isFull(last) === true) return last;
  return fullToward(budgets, flow) ?? budgets.of(flow, event);
}

/** A full one toward the flow's destination, whatever its source; null: none of the first. */
export function fullToward(budgets: BudgetTable, flow: Flow): Budget | null {
  const toward = budgets.toward(flow);
  for (let at = 0; at < Math.min(MOST_SOURCES, toward.length); at++)
    if (isFull(toward[at] as Budget) === true) return toward[at] as Budget;
  return null;
}

/** IPv4's any address stands as ::ffff:0.0.0.0. */
function hasSource(event: TcpEvent): boolean {
  if (event.localWord(0) !== 0 || event.localWord(1) !== 0) return true;
  const mapped = event.localBytes[10] === 0xff;
  return event.localWord(3) !== 0 || (!mapped && event.localWord(2) !== 0);
}
