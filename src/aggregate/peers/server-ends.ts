/**
 * Where connections to servers of this machine end: their local ends, each once. In: inbound flows, a part at a time, round by round. Out: those of the
 * last whole round. Bounded: with more of them none is given, since one that is left out may be the other end as well.
 */
import type { Flow } from '../model/flow.js';
import { isLoopback } from './kept-ends.js';
import { keyOf } from './places.js';

const MOST = 1024;

export class ServerEnds {
  private found = new Map<string, Flow>();
  private foundSince = 0;
  private ends: readonly Flow[] = [];
  /** When the last whole round began, CLOCK_MONOTONIC ns: what had opened by then is in it. 0: none is to be trusted. */
  since = 0;

  hear(flow: Flow): void {
    const { established, destination } = flow;
    if (established === 0 || destination.address === null || isLoopback(destination.words)) return;
    if (this.found.size <= MOST) this.found.set(keyOf(flow), flow);
  }

  /** The round is over. */
  turn(nowNs: number): void {
    const isWhole = this.found.size <= MOST;
    this.ends = isWhole ? [...this.found.values()] : [];
    this.since = isWhole ? this.foundSince : 0;
    this.found = new Map();
    this.foundSince = nowNs;
  }

  /** One flow for each end. */
  all(): readonly Flow[] {
    return this.ends;
  }
}
