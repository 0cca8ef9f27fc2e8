/**
 * One flow: (namespace, owner, direction, destination), the row of the culprit table, with exact cumulative counts.
 * Outbound, the destination is the remote end; inbound, the local one: a row per listening port, not per peer.
 */

import type { DurationWindow } from '../measure/quantiles.js';
import { RATE, RateWindow } from '../measure/rates.js';
import type { Evidence } from '../peers/evidence.js';
import type { Budget } from './budget.js';
import type { Destination } from './destination.js';
import type { Failure } from './failure.js';
import type { Namespace } from './namespace.js';
import type { Owner } from './owner.js';
import { RolledPids } from './pids.js';

export class Flow {
  opened = 0;
  closed = 0;
  failed = 0;
  preexisting = 0;
  closedFirst = 0;
  /** Connects whose SYN was lost, or its answer (ingest/syn.ts). */
  slowConnects = 0;
  bytesSent = 0;
  bytesReceived = 0;
  /** Connections in state ESTABLISHED. */
  established = 0;
  /** Overflowed closes of inbound connections; only an audit can say whether their opens were counted. */
  unsettledCloses = 0;
  /** Overflowed closes that no audit has matched with the connection that closed. */
  overflowedCloses = 0;
  /** Of these, from before the running audit began, and not matched by it so far. */
  settleableCloses = 0;
  /** Closes without an event and without an overflow count: counted, but not in `closedFirst`, the bytes and the lifetimes. */
  missedCloses = 0;
  /** Closes whose event lacks that this end closed first, since the kernel did not show the FIN. */
  incompleteCloses = 0;
  /** Events of it may have been lost that nothing counted (doubt.ts). */
  doubted = false;
  /** TIME_WAIT entries of its connections. */
  timeWait = 0;
  /** Outbound: local ports its connections and their TIME_WAIT entries hold. */
  portsHeld = 0;
  /** The budget its last connection drew from, and the source address as four words. */
  budget: Budget | null = null;
  readonly budgetSource: number[] = [0, 0, 0, 0];
  /** The kind of its last failure. */
  lastFailure: Failure | null = null;
  /** Unix ms. */
  firstSeen = 0;
  lastSeen = 0;
  readonly rates = new RateWindow(RATE.KINDS);
  lifetimes: DurationWindow | null = null;
  connects: DurationWindow | null = null;
  /** Outbound: who is at the other end, as far as it was found on this machine. */
  peer: Evidence | null = null;
  /** How many of its next connections are to be noted, to look for their other ends (peers/). */
  samples = 1;
  /** Its closes are compared with those of other ends (peers/closed-pairs.ts). */
  isPaired = true;
  /** What its destination's address and port are called where it is seen (peers/naming.ts). */
  destinationName: string | null = null;
  service: string | null = null;
  /** Whose rows went into it. */
  pids: RolledPids | null = null;
  /** Where its counts went when its owner was rolled up. */
  rolledUpInto: Flow | null = null;
  /** Connections and TIME_WAIT entries that point at this flow by its index. */
  pins = 0;
  /** Waits to be published. */
  dirty = false;
  /** Its rates still move though nothing happens. */
  hot = false;

  constructor(
    /** Place in the flow table; what the cookie table stores. */
    readonly index: number,
    readonly key: string,
    readonly namespace: Namespace,
    readonly owner: Owner,
    readonly direction: number,
    readonly destination: Destination,
  ) {}

  /**
   * More closes than opens: the ring had room for an open, which counts at its destination, but not for its close, which counts
   * here until an audit takes it there.
   */
  get lowerBound(): boolean {
    const isAhead = this.closed > this.opened + this.preexisting;
    return (
      isAhead || this.unsettledCloses > 0 || this.missedCloses + this.incompleteCloses > 0 || this.doubted
    );
  }

  /** The flow that counts for this one now. */
  get current(): Flow {
    let flow: Flow = this;
    while (flow.rolledUpInto !== null) flow = flow.rolledUpInto;
    return flow;
  }

  /** Whether time alone has changed what its row says since this was last asked. */
  ages(second: number): boolean {
    const lifetimes = this.lifetimes?.ages(second) ?? false;
    const connects = this.connects?.ages(second) ?? false;
    return this.rates.ages(second) || lifetimes || connects;
  }

  /** Nothing was ever counted here, and nothing points here: only sockets of unknown owners passed through. */
  get isEmpty(): boolean {
    return this.pins === 0 && this.opened + this.closed + this.failed + this.preexisting === 0;
  }

  /** Adds everything another flow counted; the other one is spent. */
  absorb(other: Flow): void {
    this.opened += other.opened;
    this.closed += other.closed;
    this.failed += other.failed;
    this.preexisting += other.preexisting;
    this.closedFirst += other.closedFirst;
    this.slowConnects += other.slowConnects;
    this.bytesSent += other.bytesSent;
    this.bytesReceived += other.bytesReceived;
    this.established += other.established;
    this.timeWait += other.timeWait;
    this.portsHeld += other.portsHeld;
    this.firstSeen = this.firstSeen === 0 ? other.firstSeen : Math.min(this.firstSeen, other.firstSeen);
    this.lastSeen = Math.max(this.lastSeen, other.lastSeen);
    this.missedCloses += other.missedCloses;
    this.incompleteCloses += other.incompleteCloses;
    this.doubted ||= other.doubted;
    this.unsettledCloses += other.unsettledCloses;
    this.overflowedCloses += other.overflowedCloses;
    this.settleableCloses += other.settleableCloses;
    this.rates.merge(other.rates);
    this.takePeer(other);
    this.gather(other);
    other.rolledUpInto = this;
  }

  /** Of another process of the same program; without a known destination there is no other end. */
  private takePeer({ peer }: Flow): void {
    if (peer === null || this.destination.address === null) return;
    if (this.peer === null) this.peer = peer;
    else this.peer.absorb(peer);
  }

  private gather({ owner, pids }: Flow): void {
    if (this.owner.pid !== null || (owner.pid === null && pids === null)) return;
    this.pids ??= new RolledPids();
    if (owner.pid !== null) this.pids.add(owner.pid);
    else if (pids !== null) this.pids.merge(pids, owner !== this.owner);
  }
}
