/**
 * What the tables have and the dumps of a round did not show: it is removed, and a close that no event reported is counted. In: slots
 * of the socket table, when the round's dumps are over. A dump can declare gone only what was there before the dump began.
 */
import type { Aggregator } from '../ingest/aggregator.js';
import { EXPIRED, isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { AuditRound } from './audit-round.js';

/** An expired entry that no audit can confirm is removed after this, ns. */
const EXPIRED_KEEP_NS = 15e9;

export class MissingSockets {
  constructor(
    private readonly aggregator: Aggregator,
    private readonly round: AuditRound,
  ) {}

  inspect(slot: number): void {
    const { sockets } = this.aggregator;
    if (sockets.seenBy(slot) === this.round.number || this.isLeftOut(slot)) return;
    const started = this.round.complete.get(sockets.flowOf(slot).namespace);
    const state = sockets.stateOf(slot);
    if (started === undefined) {
      if (state === EXPIRED && this.round.startedNs - sockets.deadlineOf(slot) > EXPIRED_KEEP_NS)
        sockets.remove(slot);
      return;
    }
    if (sockets.sinceOf(slot) < started) this.removeGone(slot, started);
  }

  /** The kernel has it as it was: else the difference would have said so. */
  private isLeftOut(slot: number): boolean {
    const { sockets } = this.aggregator;
    if (!sockets.hasFlag(slot, SOCKET_FLAG.KEPT)) return false;
    return this.round.whole.size === 0 || !this.round.whole.has(sockets.flowOf(slot).namespace);
  }

  removeGone(slot: number, timeNs: number): void {
    const { sockets, takeovers } = this.aggregator;
    const state = sockets.stateOf(slot);
    takeovers.lapsed(slot, timeNs);
    if (!isTimeWait(state) && state !== EXPIRED) this.closeMissed(slot);
    sockets.remove(slot);
  }

  /** No event reported its close; if its open was counted, its close must be. */
  closeMissed(slot: number): void {
    const { sockets } = this.aggregator;
    const counted = sockets.hasFlag(slot, SOCKET_FLAG.OPEN_COUNTED);
    if (counted && !sockets.hasFlag(slot, SOCKET_FLAG.PREEXISTING)) {
      this.aggregator.missedCloses.closed(sockets.flowOf(slot));
    }
  }
}
