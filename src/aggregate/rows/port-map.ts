/**
 * The port map of one budget: who has each port of the range, in which state, and for how long. In: the tables. Out: the map, in
 * slices, since it passes over every socket; made only while somebody looks.
 */
import { releaseInMs } from '../../forecast/reuse.js';
import { UNKNOWN_PROCESS } from '../../protocol/names.js';
import { CELL_BYTES, NO_OWNER, OTHER_OWNERS, PORT_STATE } from '../../protocol/ports/cells.js';
import type { PortMap, PortOwner } from '../../protocol/ports/schema.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Budget } from '../model/budget.js';
import type { Owner } from '../model/owner.js';
import {
  ESTABLISHED,
  FIN_WAIT2_MINI,
  isThere,
  isTimeWait,
  SOCKET_FLAG,
  TIME_WAIT,
} from '../model/socket-state.js';
import type { SocketTable } from '../tables/socket-table.js';
import { reuseRuleOf } from './budget-row.js';

/** Slots looked at before it can be interrupted: well below a millisecond. */
const SLICE = 16_384;

type Tables = Pick<Aggregator, 'budgets' | 'sockets' | 'unixMsAtZero'>;

/** Null: there is no such budget. @param now Unix ms */
export function* portMap(tables: Tables, key: string, now: number): Generator<void, PortMap | null> {
  const { budgets, sockets, unixMsAtZero } = tables;
  const budget = budgets.find(key);
  if (budget === null) return null;
  const draft = new Draft(budget, sockets, (now - unixMsAtZero) * 1e6);
  for (let from = 0; from < sockets.end; from += SLICE) {
    draft.look(from, Math.min(from + SLICE, sockets.end));
    yield;
  }
  return draft.finished(now);
}

class Draft {
  private readonly first: number;
  private readonly size: number;
  private readonly states: Uint8Array;
  private readonly seconds: Uint16Array;
  /** Place in `owners`, plus 1; 0: nobody. */
  private readonly holders: Uint32Array;
  private readonly owners: Owner[] = [];
  private readonly places = new Map<Owner, number>();

  constructor(
    private readonly budget: Budget,
    private readonly sockets: SocketTable,
    private readonly nowNs: number,
  ) {
    const [low, high] = budget.namespace.sysctls?.portRange ?? [0, -1];
    this.first = low;
    this.size = high - low + 1;
    this.states = new Uint8Array(this.size);
    this.seconds = new Uint16Array(this.size);
    this.holders = new Uint32Array(this.size);
    this.reserve();
  }

  /** Reserved ports first: bind() may have one of them, but connect() chooses none. */
  private reserve(): void {
    const { sysctls, listeners, idleBound } = this.budget.namespace;
    for (const [low, high] of sysctls?.reserved.ranges ?? [])
      this.states.fill(
        PORT_STATE.reserved,
        Math.max(0, low - this.first),
        Math.max(0, high + 1 - this.first),
      );
    for (const [port, owner] of listeners) this.block(port, owner);
    for (const port of idleBound) this.block(port, null);
  }

  look(from: number, to: number): void {
    const { sockets, budget } = this;
    for (let slot = from; slot < to; slot++) {
      if (!isThere(sockets.stateOf(slot))) continue;
      const other = sockets.budgetOf(slot);
      if (other === budget) this.hold(slot);
      else if (other?.namespace === budget.namespace && sockets.hasFlag(slot, SOCKET_FLAG.BOUND))
        this.block(sockets.portOf(slot), sockets.flowOf(slot).owner);
    }
  }

  private hold(slot: number): void {
    const at = this.sockets.portOf(slot) - this.first;
    if (at < 0 || at >= this.size) return;
    const leftMs = (this.sockets.deadlineOf(slot) - this.nowNs) / 1e6;
    const isWaiting = this.sockets.stateOf(slot) === TIME_WAIT;
    this.states[at] = this.stateOf(slot, leftMs);
    this.seconds[at] = isWaiting ? Math.max(0, Math.ceil(leftMs / 1000)) : 0;
    this.holders[at] = this.placeOf(this.sockets.flowOf(slot).owner);
  }

  /** It takes nothing from whoever holds the port toward the budget's own destination. */
  private block(port: number, owner: Owner | null): void {
    const at = port - this.first;
    if (this.states[at] !== PORT_STATE.free) return;
    this.states[at] = PORT_STATE.blocked;
    if (owner !== null) this.holders[at] = this.placeOf(owner);
  }

  private stateOf(slot: number, leftMs: number): number {
    const state = this.sockets.stateOf(slot);
    if (state === FIN_WAIT2_MINI) return PORT_STATE['fin-wait-2'];
    if (!isTimeWait(state)) return state === ESTABLISHED ? PORT_STATE.established : PORT_STATE.other;
    const rule = reuseRuleOf(this.budget);
    /* A port that bind() chose is taken over by no plain connect(). */
    const isFixed = rule.reuse !== 'after-delay' || this.sockets.hasFlag(slot, SOCKET_FLAG.BOUND);
    return isFixed || releaseInMs(leftMs, 'time-wait', rule) > 0
      ? PORT_STATE['time-wait']
      : PORT_STATE.reusable;
  }

  private placeOf(owner: Owner): number {
    const known = this.places.get(owner);
    if (known !== undefined) return known;
    this.owners.push(owner);
    this.places.set(owner, this.owners.length);
    return this.owners.length;
  }

  finished(now: number): PortMap {
    const ranked = this.ranked();
    const cells = this.packed(this.indexes(ranked));
    return {
      time: now,
      budget: this.budget.key,
      first: this.size === 0 ? null : this.first,
      owners: ownersOf(ranked),
      cells: cells.toString('base64'),
    };
  }

  /** Those with the most ports first. */
  private ranked(): Owner[] {
    const ports = new Uint32Array(this.owners.length + 1);
    for (const place of this.holders) ports[place] = (ports[place] as number) + 1;
    const countOf = (owner: Owner) => ports[this.places.get(owner) as number] as number;
    return this.owners.filter((owner) => countOf(owner) > 0).sort((a, b) => countOf(b) - countOf(a));
  }

  /** By place: the owner's byte. */
  private indexes(ranked: readonly Owner[]): Uint8Array {
    const bytes = new Uint8Array(this.owners.length + 1).fill(NO_OWNER);
    for (const [rank, owner] of ranked.entries())
      bytes[this.places.get(owner) as number] = Math.min(rank, OTHER_OWNERS);
    return bytes;
  }

  private packed(indexes: Uint8Array): Buffer {
    const cells = Buffer.alloc(this.size * CELL_BYTES);
    for (let at = 0; at < this.size; at++) {
      cells[at * CELL_BYTES] = indexes[this.holders[at] as number] as number;
      cells[at * CELL_BYTES + 1] = this.states[at] as number;
      cells.writeUInt16LE(this.seconds[at] as number, at * CELL_BYTES + 2);
    }
    return cells;
  }
}

function ownersOf(ranked: readonly Owner[]): PortOwner[] {
  const named = ranked
    .slice(0, OTHER_OWNERS)
    .map((owner) => ({ process: owner.info(), program: owner.programName() }));
  return ranked.length > OTHER_OWNERS ? [...named, { process: UNKNOWN_PROCESS, program: null }] : named;
}
