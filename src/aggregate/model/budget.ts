/**
 * One port budget: (namespace, source address, destination address, destination port), the domain in which a plain
 * connect() must find a free local port (__inet_hash_connect). Gauges are kept by the socket table.
 */

import { OpenRate } from '../measure/open-rate.js';
import { RateWindow } from '../measure/rates.js';
import type { Destination } from './destination.js';
import type { Namespace } from './namespace.js';
import { ESTABLISHED, isTimeWait } from './socket-state.js';

/**
 * Kinds of a budget's RateWindow: ports taken, connections closed, closes that left a TIME_WAIT entry, entries taken over,
 * connects refused for want of a port, and what bind() before connect() was refused.
 */
export const BUDGET_RATE = { OPEN: 0, CLOSE: 1, WAIT: 2, RECYCLE: 3, REFUSED: 4, KINDS: 5 } as const;

export class Budget {
  established = 0;
  timeWait = 0;
  /** Connections in any other state: SYN_SENT, FIN_WAIT1, CLOSE_WAIT, … */
  other = 0;
  /** Of these, ports that bind() chose. */
  bound = 0;
  /** Sockets in the table that point here. */
  pins = 0;
  dirty = false;
  /** Its place among the budgets toward the same destination. */
  peer = -1;
  /** Among the rows that are being made; -1: it has none. */
  place = -1;
  /** The last forecast was a number: see forecast.ts about noise. */
  expected = false;
  /** Ports held, by the index of the flow as stored. */
  readonly holders = new Map<number, number>();
  readonly rates = new RateWindow(BUDGET_RATE.KINDS);
  /** Failed calls toward its destination since the budget began to hold ports, by errno name; null: none. */
  failuresByErrno: Map<string, number> | null = null;
  /** Connections opened since the budget began to hold ports. */
  opened = 0;
  /** Ports that a connect() took over from a TIME_WAIT entry since then. */
  recycled = 0;
  /** When a connection that bind() had given its port opened last, CLOCK_MONOTONIC ms. */
  boundAt = Number.NEGATIVE_INFINITY;
  /** How fast ports are taken, for the forecast. */
  readonly openRate = new OpenRate();

  constructor(
    readonly index: number,
    readonly key: string,
    readonly namespace: Namespace,
    readonly source: string,
    readonly destination: Destination,
  ) {}

  get used(): number {
    return this.established + this.timeWait + this.other;
  }

  /** @param atMs CLOCK_MONOTONIC. @param bound its port was chosen by bind() */
  open(atMs: number, bound: boolean): void {
    this.opened += 1;
    if (bound) this.boundAt = Math.max(this.boundAt, atMs);
    this.openRate.add(atMs);
    this.rates.add(BUDGET_RATE.OPEN, Math.floor(atMs / 1000));
  }

  count(state: number, by: 1 | -1): void {
    if (isTimeWait(state)) this.timeWait += by;
    else if (state === ESTABLISHED) this.established += by;
    else this.other += by;
  }

  /** @param flow by its index as stored */
  hold(flow: number, state: number, by: 1 | -1): void {
    this.count(state, by);
    const ports = (this.holders.get(flow) ?? 0) + by;
    if (ports === 0) this.holders.delete(flow);
    else this.holders.set(flow, ports);
  }
}
