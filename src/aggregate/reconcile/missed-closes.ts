/**
 * What no event told of a connection and an audit found. Enters: the flow it belongs to. Leaves: counts, and closes taken back
 * where they had been folded. Called by audit-join.ts.
 */
import type { Flow } from '../model/flow.js';
import type { FlowTable } from '../tables/flow-table.js';

export class Untold {
  /** Closes that only an audit found: the kernel neither showed them to the program nor had them folded. */
  unseenCloses = 0;

  constructor(private readonly flows: FlowTable) {}

  /** Its accept was never told, but an audit found it alive. When is not known: the rates have no part in it. */
  accepted(flow: Flow): void {
    flow.opened += 1;
    flow.namespace.opened += 1;
    this.flows.touch(flow);
  }

  /** Its close was never told: an audit did not find it, or found only its TIME_WAIT entry. */
  closed(flow: Flow): void {
    const folded = this.foldedFor(flow);
    flow.closed += 1;
    if (folded === null) this.countUnseen(flow);
    else this.unfoldClose(folded);
    this.flows.touch(flow);
  }

  private countUnseen(flow: Flow): void {
    flow.namespace.closed += 1;
    flow.unseenCloses += 1;
    this.unseenCloses += 1;
  }

  /**
   * Where its close was counted meanwhile: under its own owner; or under another one of the namespace, as when a process
   * accepts what another listens for. Null: nowhere.
   */
  private foldedFor(flow: Flow): Flow | null {
    const own = this.flows.find(flow.namespace, flow.owner, flow.direction);
    if (own !== null && own.foldedCloses > 0) return own;
    for (const other of flow.namespace.foldedFlows) {
      const { current } = other;
      if (current.foldedCloses === 0) flow.namespace.foldedFlows.delete(other);
      else if (current.direction === flow.direction) return current;
    }
    return null;
  }

  private unfoldClose(folded: Flow): void {
    folded.closed -= 1;
    folded.foldedCloses -= 1;
    folded.unsettledCloses = Math.max(0, folded.unsettledCloses - 1);
    folded.settleableCloses = Math.max(0, folded.settleableCloses - 1);
    this.flows.touch(folded);
  }
}
