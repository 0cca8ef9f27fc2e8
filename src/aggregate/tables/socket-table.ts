/**
 * Every connection and TIME_WAIT entry we know of, by socket cookie: whose it is (flow), which port it holds (budget),
 * in which state, and until when. The kernel keeps a socket's cookie in its TIME_WAIT entry, so closing is only a
 * change of state here. In: events and audits. Out: exact gauges on flows, budgets and namespaces. Columns of typed
 * arrays: no object per socket, about 70 bytes each. Bounded; what does not fit is counted by the caller.
 */
import type { Budget } from '../model/budget.js';
import type { Flow } from '../model/flow.js';
import { ESTABLISHED, EXPIRED, isThere, isTimeWait, SOCKET_FLAG } from '../model/socket-state.js';
import type { Tuple } from '../model/tuple.js';
import type { BudgetTable } from './budget-table.js';
import { CookieMap } from './cookie-map.js';
import { DumpBases } from './dump-bases.js';
import type { FlowTable } from './flow-table.js';
import { TupleIndex } from './tuple-index.js';

const FIRST_SLOTS = 1024;
/** Sockets that may go during one audit before it stops adding what it does not know. */
const GONE_LIMIT = 500_000;

/** What a new socket is; filled anew for each. Times are CLOCK_MONOTONIC ns. */
export interface NewSocket {
  low: number;
  high: number;
  flow: Flow;
  budget: Budget | null;
  localPort: number;
  state: number;
  flags: number;
  since: number;
}

export class SocketTable {
  private readonly byCookie: CookieMap;
  private readonly byTuple: TupleIndex;
  private readonly free: number[] = [];
  readonly bases = new DumpBases();
  /** The audit that runs, or the last one. */
  private audit = 0;
  /** Gone since an audit began: its dump may still show them. */
  private gone: CookieMap | null = null;
  private slots = 0;
  private low = new Uint32Array(FIRST_SLOTS);
  private high = new Uint32Array(FIRST_SLOTS);
  private flow = new Int32Array(FIRST_SLOTS);
  private budget = new Int32Array(FIRST_SLOTS);
  private port = new Uint16Array(FIRST_SLOTS);
  /** 0: the slot is free. */
  private state = new Uint8Array(FIRST_SLOTS);
  private flag = new Uint8Array(FIRST_SLOTS);
  /** When it last changed by an event. */
  private since = new Float64Array(FIRST_SLOTS);
  /** TIME_WAIT: when the kernel's timer ends, ns. */
  private deadline = new Float64Array(FIRST_SLOTS);
  /** The last audit that saw it. */
  private seen = new Uint32Array(FIRST_SLOTS);

  constructor(
    private readonly limit: number,
    private readonly flows: FlowTable,
    private readonly budgets: BudgetTable,
  ) {
    this.byCookie = new CookieMap(limit);
    this.byTuple = new TupleIndex(limit);
  }

  get size(): number {
    return this.byCookie.size;
  }

  /** It may lack sockets. */
  get isFull(): boolean {
    return this.size >= this.limit;
  }

  /** One more than the highest slot in use: for sweeps. */
  get end(): number {
    return this.slots;
  }

  /** The slot of a cookie, or -1. A slot stays the same for the socket's life. */
  find(low: number, high: number): number {
    return this.byCookie.get(low, high);
  }

  /** The slot of the socket that has these ends, or -1. */
  holderOf(tuple: Tuple): number {
    return this.byTuple.find(tuple);
  }

  /** Low and high half. */
  cookieOf(slot: number): readonly [number, number] {
    return [this.low[slot] as number, this.high[slot] as number];
  }

  /** Its slot, or -1 when there is no room, or the cookie is 0 or known already. */
  add(socket: NewSocket): number {
    if (this.byCookie.get(socket.low, socket.high) >= 0) return -1;
    const slot = this.free.pop() ?? this.slots;
    if (!this.byCookie.set(socket.low, socket.high, slot)) {
      if (slot < this.slots) this.free.push(slot);
      if (socket.budget !== null) this.budgets.drop(socket.budget);
      return -1;
    }
    if (slot === this.slots) this.extend();
    this.fill(slot, socket);
    this.count(slot, 1);
    return slot;
  }

  /**
   * The tuple is this socket's from now on; -1: of one that is not in the table. Gives the slot of the one that had it before,
   * -1 when there is none: it has gone, whatever its state says.
   */
  claim(slot: number, tuple: Tuple, localPort: number): number {
    const before = this.byTuple.find(tuple);
    if (slot < 0 || before === slot) return before === slot ? -1 : before;
    this.byTuple.set(slot, tuple);
    /* An attempt begins without a port. */
    if (this.port[slot] === 0) this.port[slot] = localPort;
    return before;
  }

  remove(slot: number): void {
    this.askAgain(slot);
    this.byTuple.delete(slot);
    this.noteGone(this.low[slot] as number, this.high[slot] as number);
    this.count(slot, -1);
    this.byCookie.delete(this.low[slot] as number, this.high[slot] as number);
    this.flows.unpin(this.flow[slot] as number);
    const budget = this.budgetOf(slot);
    if (budget !== null) this.budgets.unpin(budget);
    this.state[slot] = 0;
    this.free.push(slot);
  }

  /** From now on remembers what goes, until `endAudit`. */
  beginAudit(audit: number): void {
    this.audit = audit;
    this.gone = new CookieMap(GONE_LIMIT);
  }

  endAudit(): void {
    this.gone = null;
  }

  /** A socket went that was never in the table. */
  noteGone(low: number, high: number): void {
    this.gone?.set(low, high, 1);
  }

  /** Whether a dump that began with the audit may show a socket that is no more. */
  wentDuringAudit(low: number, high: number): boolean {
    return this.gone !== null && (this.gone.get(low, high) >= 0 || this.gone.size >= GONE_LIMIT);
  }

  /** Calls back for every TIME_WAIT entry that holds a port of a budget; `deadline` in ns. */
  forEachWaiting(visit: (budget: Budget, state: number, deadline: number, port: number) => void): void {
    for (let slot = 0; slot < this.slots; slot++) {
      if (!isTimeWait(this.state[slot] as number)) continue;
      const budget = this.budgetOf(slot);
      if (budget === null) continue;
      visit(budget, this.state[slot] as number, this.deadline[slot] as number, this.port[slot] as number);
    }
  }

  /** Calls back for every socket that holds a port of a budget; the slot is valid during the call. */
  forEachHolding(visit: (slot: number, budget: Budget) => void): void {
    for (let slot = 0; slot < this.slots; slot++) {
      if (!isThere(this.state[slot] as number)) continue;
      const budget = this.budgetOf(slot);
      if (budget !== null) visit(slot, budget);
    }
  }

  /** TIME_WAIT entries whose timer has ended count no longer; an audit will confirm it. @param now ns */
  expire(now: number): void {
    for (let slot = 0; slot < this.slots; slot++) {
      if (isTimeWait(this.state[slot] as number) && (this.deadline[slot] as number) < now) {
        this.setState(slot, EXPIRED, this.since[slot] as number, this.deadline[slot]);
      }
    }
  }

  /** @param deadline of a TIME_WAIT state, ns; else 0 */
  setState(slot: number, state: number, since: number, deadline = 0): void {
    this.askAgain(slot);
    if (this.state[slot] !== state) this.turn(slot, state);
    this.since[slot] = since;
    this.deadline[slot] = deadline;
  }

  /** Gives it to another flow: its owner became known. */
  setFlow(slot: number, flow: Flow): void {
    if (this.flows.at(this.flow[slot] as number) === flow) return;
    this.count(slot, -1);
    this.flows.unpin(this.flow[slot] as number);
    this.flow[slot] = this.flows.pin(flow);
    this.count(slot, 1);
  }

  setFlag(slot: number, flag: number): void {
    if (this.hasFlag(slot, flag)) return;
    this.count(slot, -1);
    this.flag[slot] = (this.flag[slot] as number) | flag;
    this.count(slot, 1);
  }

  /** A flag that no gauge depends on. */
  note(slot: number, flag: number): void {
    this.flag[slot] = (this.flag[slot] as number) | flag;
  }

  hasFlag(slot: number, flag: number): boolean {
    return ((this.flag[slot] as number) & flag) !== 0;
  }

  /** It is as a dump has handed it over, and the next ones leave it out as long as the kernel's entry stays so. */
  keep(slot: number): void {
    this.flag[slot] = (this.flag[slot] as number) | SOCKET_FLAG.KEPT;
  }

  /** Dumps do not leave it out any more. */
  release(slot: number): void {
    this.flag[slot] = (this.flag[slot] as number) & ~SOCKET_FLAG.KEPT;
  }

  /**
   * It is not what a dump has handed over any more: the next one hands it over again. The one that runs may still leave it out, so it
   * cannot tell whether it has gone.
   */
  askAgain(slot: number): void {
    if (!this.hasFlag(slot, SOCKET_FLAG.KEPT)) return;
    this.release(slot);
    this.bases.ask(this.flowOf(slot).namespace, this.low[slot] as number, this.high[slot] as number);
    this.markSeen(slot, this.audit);
  }

  /** Another socket has the tuple that it had. */
  isOvertaken(slot: number): boolean {
    return this.byTuple.isOvertaken(slot);
  }

  markSeen(slot: number, audit: number): void {
    this.seen[slot] = audit;
  }

  seenBy(slot: number): number {
    return this.seen[slot] as number;
  }

  stateOf(slot: number): number {
    return this.state[slot] as number;
  }

  sinceOf(slot: number): number {
    return this.since[slot] as number;
  }

  deadlineOf(slot: number): number {
    return this.deadline[slot] as number;
  }

  setDeadline(slot: number, deadline: number): void {
    this.deadline[slot] = deadline;
  }

  portOf(slot: number): number {
    return this.port[slot] as number;
  }

  flowOf(slot: number): Flow {
    return this.flows.at(this.flow[slot] as number);
  }

  budgetOf(slot: number): Budget | null {
    const index = this.budget[slot] as number;
    return index < 0 ? null : this.budgets.at(index);
  }

  private fill(slot: number, socket: NewSocket): void {
    this.low[slot] = socket.low;
    this.high[slot] = socket.high;
    this.flow[slot] = this.flows.pin(socket.flow);
    this.budget[slot] = socket.budget === null ? -1 : this.budgets.pin(socket.budget);
    this.port[slot] = socket.localPort;
    this.state[slot] = socket.state;
    this.flag[slot] = socket.flags;
    this.since[slot] = socket.since;
    this.deadline[slot] = 0;
    this.seen[slot] = 0;
  }

  /** Every close does this: who holds the port stays the same, so only what depends on the state is counted anew. */
  private turn(slot: number, state: number): void {
    const before = this.state[slot] as number;
    if (!isThere(before) || !isThere(state)) {
      this.count(slot, -1);
      this.state[slot] = state;
      this.count(slot, 1);
      return;
    }
    this.countState(slot, this.flowOf(slot), before, -1);
    this.state[slot] = state;
    this.countState(slot, this.flowOf(slot), state, 1);
    const budget = this.budgetOf(slot);
    if (budget === null) return;
    budget.count(before, -1);
    budget.count(state, 1);
    this.budgets.touch(budget);
  }

  /** The one place where gauges move; a mere change of state moves only those of the state. */
  private count(slot: number, by: 1 | -1): void {
    const state = this.state[slot] as number;
    const flow = this.flowOf(slot);
    this.countState(slot, flow, state, by);
    const budget = this.budgetOf(slot);
    if (budget !== null) this.countPort(slot, flow, budget, state, by);
  }

  private countState(slot: number, flow: Flow, state: number, by: 1 | -1): void {
    if (isTimeWait(state)) {
      flow.timeWait += by;
      flow.namespace.timeWait += by;
      if (this.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED)) flow.namespace.timeWaitAttributed += by;
    } else if (state === ESTABLISHED) {
      flow.established += by;
    }
    this.flows.touch(flow);
  }

  private countPort(slot: number, flow: Flow, budget: Budget, state: number, by: 1 | -1): void {
    if (!isThere(state)) return;
    flow.portsHeld += by;
    budget.hold(this.flow[slot] as number, state, by);
    if (this.hasFlag(slot, SOCKET_FLAG.BOUND)) {
      budget.bound += by;
      flow.namespace.blocked.add(this.port[slot] as number, by);
    }
    this.budgets.touch(budget);
  }

  private extend(): void {
    this.slots += 1;
    if (this.slots <= this.state.length) return;
    const size = Math.min(this.limit, this.state.length * 2);
    this.low = grown(new Uint32Array(size), this.low);
    this.high = grown(new Uint32Array(size), this.high);
    this.flow = grown(new Int32Array(size), this.flow);
    this.budget = grown(new Int32Array(size), this.budget);
    this.port = grown(new Uint16Array(size), this.port);
    this.state = grown(new Uint8Array(size), this.state);
    this.flag = grown(new Uint8Array(size), this.flag);
    this.since = grown(new Float64Array(size), this.since);
    this.deadline = grown(new Float64Array(size), this.deadline);
    this.seen = grown(new Uint32Array(size), this.seen);
  }
}

interface Column {
  set(values: ArrayLike<number>): void;
}

function grown<C extends Column>(column: C, old: ArrayLike<number>): C {
  column.set(old);
  return column;
}
