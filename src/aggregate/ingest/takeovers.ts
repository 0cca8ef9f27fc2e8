/**
 * A tuple belongs to one socket at a time. When another one has it, the one before has gone, and of TIME_WAIT entries nothing else
 * says so: connect() took its port over (tcp_twsk_unique), or a SYN ended the entry of a server (TCP_TW_SYN). In: the socket that
 * has the tuple now. Out: tables without the one before; counts of entries that connect() took over.
 *
 * `recycled` is what the namespace's TcpExt:TWRecycled counts: each connect() that took an entry over, also when it was refused
 * later; not the entries that a SYN ended. It lacks those whose events were lost, and no audit can count them.
 */
import { DIRECTION } from '../../decode/layout.js';
import { TIMER_SLACK_MS } from '../measure/releases.js';
import { BUDGET_RATE } from '../model/budget.js';
import type { Ends } from '../model/ends.js';
import type { Flow } from '../model/flow.js';
import { EXPIRED, isTimeWait, SUPERSEDED } from '../model/socket-state.js';
import { Tuple } from '../model/tuple.js';
import type { SocketTable } from '../tables/socket-table.js';

type Shown = (slot: number) => boolean;
const NEVER: Shown = () => false;

export class Takeovers {
  private readonly tuple = new Tuple();

  constructor(private readonly sockets: SocketTable) {}

  /**
   * @param slot of the socket, which may go in this call; -1: it is not in the table
   * @param timeNs when it had the tuple
   * @param isShown whether the audit that shows it shows another slot too: they are bound to different devices then, and both stay
   */
  claim(ends: Ends, flow: Flow, slot: number, timeNs: number, isShown = NEVER): void {
    if (ends.localPort === 0) return;
    const tuple = this.tuple.of(ends, flow.namespace.cookie);
    const before = this.sockets.claim(slot, tuple, ends.localPort);
    if (before < 0 || isShown(before)) return;
    if (this.sockets.sinceOf(before) <= timeNs) this.end(before, flow, timeNs);
    else if (slot >= 0) this.giveBack(before, slot, ends);
  }

  /** An audit found that it has gone, after one that has its tuple now. */
  lapsed(slot: number, timeNs: number): void {
    if (this.sockets.isOvertaken(slot)) this.takenOver(slot, this.sockets.flowOf(slot), timeNs);
  }

  /** Events of two processors may come in the wrong order. */
  private giveBack(before: number, slot: number, { localPort }: Ends): void {
    this.sockets.claim(before, this.tuple, localPort);
    this.sockets.remove(slot);
  }

  private end(before: number, flow: Flow, timeNs: number): void {
    const state = this.sockets.stateOf(before);
    if (!isTimeWait(state) && state !== EXPIRED) {
      this.sockets.setState(before, SUPERSEDED, timeNs);
      return;
    }
    this.takenOver(before, flow, timeNs);
    this.sockets.remove(before);
  }

  /** By connect(), unless its timer had ended before. */
  private takenOver(before: number, flow: Flow, timeNs: number): void {
    const ended = this.sockets.deadlineOf(before) + TIMER_SLACK_MS * 1e6 < timeNs;
    if (!isTimeWait(this.sockets.stateOf(before)) || ended || flow.direction !== DIRECTION.OUT) return;
    this.recycled(before, flow, timeNs);
  }

  private recycled(before: number, { namespace }: Flow, timeNs: number): void {
    const second = Math.floor(timeNs / 1e9);
    namespace.recycled += 1;
    namespace.recycles.add(0, second);
    const budget = this.sockets.budgetOf(before);
    if (budget === null) return;
    budget.recycled += 1;
    budget.rates.add(BUDGET_RATE.RECYCLE, second);
  }
}
