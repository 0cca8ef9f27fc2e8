/**
 * One port budget: (namespace, source address, destination address, destination port), the domain in which a plain
 * connect() must find a free local port (__inet_hash_connect). Gauges are kept by the socket table.
 */
import type { Destination } from './flow.js';
import type { Namespace } from './namespace.js';
import { RateWindow } from './rates.js';
import { ESTABLISHED, isTimeWait } from './sockets.js';

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
  /** Ports held, by the index of the flow as stored. */
  readonly holders = new Map<number, number>();
  /** Ports taken: attempts that got one. */
  readonly opens = new RateWindow(1);

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

  hold(flow: number, state: number, by: 1 | -1): void {
    if (isTimeWait(state)) this.timeWait += by;
    else if (state === ESTABLISHED) this.established += by;
    else this.other += by;
    const ports = (this.holders.get(flow) ?? 0) + by;
    if (ports === 0) this.holders.delete(flow);
    else this.holders.set(flow, ports);
  }
}
