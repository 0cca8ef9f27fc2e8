/**
 * What no event told of a connection and an audit found. Enters: the flow it belongs to. Leaves: counts, and closes taken back
 * where they had been folded. Called by audit-join.ts.
 */
import type { Flow } from '../model/flow.js';
import type { FlowTable } from '../tables/flow-table.js';

export class MissedCloses {
  /** Closes that only an audit found: the kernel neither showed them to the program nor had them folded. */
  count = 0;

  constructor(private readonly flows: FlowTable) {}

  /** Its accept was never told, but an audit found it alive. When is not known: the rates have no part in it. */
  accepted(flow: Flow): void {
    flow.opened += 1;
    flow.namespace.opened += 1;
    this.flows.touch(flow);
  }

  /** Its close was never told: an audit did not find it, or found only its TIME_WAIT entry. */
  closed(flow: Flow): void {
    const folded = this.overflowedFor(flow);
    flow.closed += 1;
    if (folded === null) this.countMissed(flow);
    else this.takeBackOverflowedClose(folded);
    this.flows.touch(flow);
  }

  private countMissed(flow: Flow): void {
    flow.namespace.closed += 1;
    flow.missedCloses += 1;
    this.count += 1;
  }

  /**
   * Where its close was counted meanwhile: under its own owner; or under another one of the namespace, as when a process
   * accepts what another listens for. Null: nowhere.
   */
  private overflowedFor(flow: Flow): Flow | null {
    const own = this.flows.find(flow.namespace, flow.owner, flow.direction);
    if (own !== null && own.overflowedCloses > 0) return own;
    for (const other of flow.namespace.overflowedFlows) {
      const { current } = other;
      if (current.overflowedCloses === 0) flow.namespace.overflowedFlows.delete(other);
      else if (current.direction === flow.direction) return current;
    }
    return null;
  }

  private takeBackOverflowedClose(folded: Flow): void {
    folded.closed -= 1;
    folded.overflowedCloses -= 1;
    folded.unsettledCloses = Math.max(0, folded.unsettledCloses - 1);
    folded.settleableCloses = Math.max(0, folded.settleableCloses - 1);
    this.flows.touch(folded);
  }
}
