/**
 * What a budget holds of the ports that connect() may choose now. A range that was narrowed, ports that were reserved later and
 * bind() to a port of one's own leave connections outside: the kernel shows them, so `used` has them, but they take nothing from
 * a new connection. In: budgets of one tick, marked by their place. Out: counts, by a single pass over the sockets, made only when
 * some budget is half full: below that nothing outside can raise an alarm.
 */
import { isUsable } from '../../forecast/port-range.js';
import type { Budget } from '../model/budget.js';
import { isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';

/** Share of the limit from which a budget's ports are looked at one by one. */
const LOOKED_AT = 0.5;

export interface UsablePorts {
  used: number;
  /** Of these, what is no TIME_WAIT entry. */
  live: number;
  /** Of these, ports that bind() chose. */
  bound: number;
}

/** By place; a budget that is less than half full is taken as it is. */
export function usablePorts(budgets: readonly Budget[], sockets: SocketTable): UsablePorts[] {
  const looked = budgets.map(isLookedAt);
  const counts = budgets.map((budget, i) => (looked[i] ? { used: 0, live: 0, bound: 0 } : allOf(budget)));
  if (looked.includes(true))
    sockets.forEachHolding((slot, { place, namespace }) => {
      const isOurs = place >= 0 && looked[place] && namespace.sysctls !== null;
      if (!isOurs || !isUsable(namespace.sysctls, sockets.portOf(slot))) return;
      const count = counts[place] as UsablePorts;
      count.used += 1;
      if (!isTimeWait(sockets.stateOf(slot))) count.live += 1;
      if (sockets.hasFlag(slot, SOCKET_FLAG.BOUND)) count.bound += 1;
    });
  return counts;
}

export function allOf({ used, established, other, bound }: Budget): UsablePorts {
  return { used, live: established + other, bound };
}

/** Without a range nothing is outside of it. */
export function isLookedAt({ namespace, used }: Budget): boolean {
  const limit = namespace.sysctls?.usablePorts ?? null;
  return limit !== null && used + namespace.blockedPorts >= limit * LOOKED_AT;
}
