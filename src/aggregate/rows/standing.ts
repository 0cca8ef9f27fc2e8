/**
 * Connections that stand still, by flow: pools, leaks, bound ports. Rows do not show them; the diagnosis asks once a second.
 * One pass over all sockets; with many it is made less often, so that it stays below a hundredth of a core.
 */
import type { Aggregator } from '../ingest/aggregator.js';
import type { Flow } from '../model/flow.js';
import { ESTABLISHED, FIN_WAIT2, FIN_WAIT2_MINI, isThere, SOCKET_FLAG } from '../model/socket-state.js';

const CLOSE_WAIT = 8;
/** Established for longer than this, or older than the tracer: no request takes so long, ns. */
const STEADY_NS = 10e9;
/** A pass over a million sockets takes some 20 ms. */
const MS_PER_SOCKET = 0.02;

export interface StandingCounts {
  steady: number;
  closeWait: number;
  finWait2: number;
  bound: number;
}

export class StandingCensus {
  private counts = new Map<string, StandingCounts>();
  private due = 0;

  constructor(private readonly aggregator: Aggregator) {}

  /** By flow key. @param now Unix ms */
  at(now: number): ReadonlyMap<string, StandingCounts> {
    if (now < this.due) return this.counts;
    this.due = now + this.aggregator.sockets.size * MS_PER_SOCKET;
    this.counts = this.count((now - this.aggregator.unixMsAtZero) * 1e6);
    return this.counts;
  }

  private count(nowNs: number): Map<string, StandingCounts> {
    const { sockets } = this.aggregator;
    const byFlow = new Map<Flow, StandingCounts>();
    const of = (flow: Flow) => {
      const counts = byFlow.get(flow) ?? { steady: 0, closeWait: 0, finWait2: 0, bound: 0 };
      byFlow.set(flow, counts);
      return counts;
    };
    for (let slot = 0; slot < sockets.end; slot++) {
      const state = sockets.stateOf(slot);
      if (!isThere(state)) continue;
      if (state === ESTABLISHED) {
        if (this.isSteady(slot, nowNs)) of(sockets.flowOf(slot)).steady += 1;
      } else if (state === CLOSE_WAIT) of(sockets.flowOf(slot)).closeWait += 1;
      else if (state === FIN_WAIT2 || state === FIN_WAIT2_MINI) of(sockets.flowOf(slot)).finWait2 += 1;
      if (sockets.hasFlag(slot, SOCKET_FLAG.BOUND)) of(sockets.flowOf(slot)).bound += 1;
    }
    return new Map([...byFlow].map(([flow, counts]) => [flow.key, counts]));
  }

  private isSteady(slot: number, nowNs: number): boolean {
    const { sockets } = this.aggregator;
    return sockets.hasFlag(slot, SOCKET_FLAG.PREEXISTING) || nowNs - sockets.sinceOf(slot) > STEADY_NS;
  }
}
