/**
 * Opens and closes of which no event came and that an audit found. In: the flow of the connection. Out: counts; a close that
 * the overflow counters had counted elsewhere is taken back there.
 */
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { FlowTable } from '../tables/flow-table.js';

export class MissedCloses {
  /** Closes that only an audit found: the kernel neither showed them to the program nor counted them as overflowed. */
  count = 0;
  /** Flows without a known destination that hold overflowed closes. */
  private readonly overflowed = new WeakMap<Namespace, Set<Flow>>();

  constructor(private readonly flows: FlowTable) {}

  /** The flow has got closes from the overflow counters. */
  noteOverflowed(flow: Flow): void {
    const flows = this.overflowed.get(flow.namespace);
    if (flows === undefined) this.overflowed.set(flow.namespace, new Set([flow]));
    else flows.add(flow);
  }

  /** The event of its accept is missing, but an audit found it alive. The time is not known: rates do not change. */
  accepted(flow: Flow): void {
    flow.opened += 1;
    flow.namespace.opened += 1;
    this.flows.touch(flow);
  }

  /** The event of its close is missing: an audit did not find it, or found only its TIME_WAIT entry. */
  closed(flow: Flow): void {
    const overflowed = this.overflowedFor(flow);
    flow.closed += 1;
    if (overflowed === null) this.countMissed(flow);
    else this.takeBackOverflowedClose(overflowed);
    this.flows.touch(flow);
  }

  private countMissed(flow: Flow): void {
    flow.namespace.closed += 1;
    flow.missedCloses += 1;
    flow.namespace.lowerBound = true;
    this.count += 1;
  }

  /**
   * The flow in which its close was counted meanwhile: of its own owner, or of another one of the namespace, as when one
   * process accepts what another listens for. Null: it was not counted.
   */
  private overflowedFor(flow: Flow): Flow | null {
    const own = this.flows.find(flow.namespace, flow.owner, flow.direction);
    if (own !== null && own.overflowedCloses > 0) return own;
    const others = this.overflowed.get(flow.namespace) ?? new Set<Flow>();
    for (const other of others) {
      const { current } = other;
      if (current.overflowedCloses === 0) others.delete(other);
      else if (current.direction === flow.direction) return current;
    }
    return null;
  }

  private takeBackOverflowedClose(overflowed: Flow): void {
    overflowed.closed -= 1;
    overflowed.overflowedCloses -= 1;
    overflowed.unsettledCloses = Math.max(0, overflowed.unsettledCloses - 1);
    overflowed.settleableCloses = Math.max(0, overflowed.settleableCloses - 1);
    this.flows.touch(overflowed);
  }
}
