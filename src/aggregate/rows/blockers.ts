/**
 * Whose bind() blocks ports for the connect() calls of a budget: a port that bind() chose is lost to every destination of its namespace. In:
 * budgets of one tick. Out: per budget who blocks how many, by one pass over the sockets, made only when some budget is half full and ports
 * are blocked. Each port is counted once; of one that nobody is known for, nobody is named.
 */
import { isUsable } from '../../forecast/port-range.js';
import type { BudgetRow } from '../../protocol/rows.js';
import type { Budget } from '../model/budget.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { SOCKET_FLAG } from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';
import { holdersByPorts } from './budget-row.js';
import { isLookedAt } from './usable-ports.js';

/** Null: not known. */
type Owners = Map<number, Owner | null>;

/** In the order of `budgets`; null: less than half of the ports are taken, so they were not counted. */
export function blockersOf(budgets: readonly Budget[], sockets: SocketTable): BudgetRow['blockers'][] {
  const looked = budgets.filter(isLookedAt);
  const blocking = looked.map(({ namespace }) => namespace).filter(({ blockedPorts }) => blockedPorts > 0);
  const owners = new Map<Namespace, Owners>(blocking.map((namespace) => [namespace, new Map()]));
  const own = new Map<Budget, Set<number>>(looked.map((budget) => [budget, new Set()]));
  if (owners.size > 0) readBound(sockets, owners, own);
  for (const [namespace, ports] of owners) addIdle(namespace, ports);
  return budgets.map((budget) => {
    const held = own.get(budget);
    return held === undefined ? null : rowsOf(owners.get(budget.namespace) ?? new Map(), held);
  });
}

function readBound(
  sockets: SocketTable,
  owners: ReadonlyMap<Namespace, Owners>,
  own: ReadonlyMap<Budget, Set<number>>,
): void {
  sockets.forEachHolding((slot, budget) => {
    const ports = owners.get(budget.namespace);
    if (ports === undefined || !sockets.hasFlag(slot, SOCKET_FLAG.BOUND)) return;
    const port = sockets.portOf(slot);
    if (!isUsable(budget.namespace.sysctls, port)) return;
    if (!ports.has(port)) ports.set(port, sockets.flowOf(slot).owner);
    own.get(budget)?.add(port);
  });
}

/** Listeners, and sockets that did bind() and nothing more. */
function addIdle({ sysctls, listeners, idleBound }: Namespace, ports: Owners): void {
  const add = (port: number, owner: Owner | null) => {
    if (!ports.has(port) && isUsable(sysctls, port)) ports.set(port, owner);
  };
  for (const [port, owner] of listeners) add(port, owner);
  for (const port of idleBound) add(port, null);
}

/** @param held ports that the budget holds itself */
function rowsOf(owners: Owners, held: ReadonlySet<number>): BudgetRow['holders'] {
  const ports = new Map<Owner, number>();
  for (const [port, owner] of owners)
    if (owner !== null && !held.has(port)) ports.set(owner, (ports.get(owner) ?? 0) + 1);
  return holdersByPorts(ports);
}
