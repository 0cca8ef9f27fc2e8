/**
 * Events that the ring had no room for, as the kernel's counters per (namespace, owner, direction, kind): counted into the
 * owner's flow without a known destination. In: counters that were taken out of the kernel. Out: exact totals.
 */
import type { Batch } from '../../decode/batch.js';
import { END, EVENT, FLAG, offsetsOf, sizeOf } from '../../decode/layout.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';

const KEY = offsetsOf('overflow_key');
const KEY_BYTES = sizeOf('overflow_key');
/** The key and its u64 count. */
export const OVERFLOW_BYTES = KEY_BYTES + 8;

/** What a counter does not say of its events; above all which port a bind() asked for. */
const NO_FACTS = { end: END.ABORTED, localPort: 0 };

export class OverflowCounters {
  /** Flows with overflowed closes whose opens may not have been counted. */
  private unsettled = new Set<Flow>();

  constructor(private readonly aggregator: Aggregator) {}

  /** The audit settles what overflowed before it begins. */
  beginAudit(): void {
    this.unsettled = new Set([...this.unsettled].map((flow) => flow.current));
    for (const flow of this.unsettled) flow.settleableCloses = flow.unsettledCloses;
  }

  /**
   * The audit checked every connection of these namespaces: the closes from before it that it matched with no connection
   * had no open that was counted.
   */
  endAudit(isComplete: (namespace: Namespace) => boolean): void {
    const flows = new Set([...this.unsettled].map((flow) => flow.current));
    for (const flow of flows) if (isComplete(flow.namespace)) this.settle(flow);
    this.unsettled = new Set([...flows].filter((flow) => flow.unsettledCloses > 0));
  }

  private settle(flow: Flow): void {
    const { settleableCloses } = flow;
    flow.opened += settleableCloses;
    flow.namespace.opened += settleableCloses;
    flow.unsettledCloses -= settleableCloses;
    flow.settleableCloses = 0;
    this.aggregator.flows.touch(flow);
  }

  /** Returns how many events that were, of whatever kind. */
  apply(batch: Batch, length: number): number {
    let events = 0;
    for (let at = 0; at + OVERFLOW_BYTES <= length; at += OVERFLOW_BYTES) {
      const fresh = Number(batch.u64[(at + KEY_BYTES) >> 3]);
      this.applyOne(batch, at, fresh);
      events += fresh;
    }
    return events;
  }

  private applyOne(batch: Batch, at: number, fresh: number): void {
    const u32 = (offset: number) => batch.u32[(at + offset) >> 2] as number;
    const namespace = this.aggregator.namespaces.ofPast(
      u32(KEY.netns_cookie) + u32(KEY.netns_cookie + 4) * 2 ** 32,
      u32(KEY.netns_inum),
    );
    const owner = this.aggregator.processes.of(u32(KEY.owner), u32(KEY.owner_tgid)).accountable;
    const u8 = (offset: number) => batch.u8[at + offset] as number;
    const facts = { ...NO_FACTS, type: u8(KEY.type), flags: u8(KEY.flags), err: u8(KEY.err) };
    const direction = u8(KEY.direction);
    if (facts.type === EVENT.FAILED || facts.type === EVENT.BIND_FAILED)
      this.aggregator.failures.countOverflowed(facts, namespace, owner, direction, fresh);
    if (facts.type === EVENT.BIND_FAILED) return;
    const flow = this.aggregator.flows.of(namespace, owner, direction);
    this.count(flow, facts.type, facts.flags, fresh);
    this.aggregator.flows.touch(flow);
  }

  private count(flow: Flow, type: number, flags: number, count: number): void {
    if (type === EVENT.ESTABLISHED) this.opened(flow, count);
    else if (type === EVENT.FAILED) this.failed(flow, count);
    else if (type === EVENT.CLOSED) this.closed(flow, flags, count);
  }

  private opened(flow: Flow, count: number): void {
    flow.opened += count;
    flow.namespace.opened += count;
  }

  private failed(flow: Flow, count: number): void {
    flow.failed += count;
    flow.namespace.failed += count;
  }

  private closed(flow: Flow, flags: number, count: number): void {
    if ((flags & FLAG.PREEXISTING) !== 0) return;
    flow.closed += count;
    flow.overflowedCloses += count;
    this.aggregator.missedCloses.noteOverflowed(flow);
    flow.namespace.closed += count;
    if ((flags & FLAG.CLOSED_FIRST) !== 0) flow.closedFirst += count;
    if ((flags & (FLAG.OPEN_SENT | FLAG.OPEN_OVERFLOWED)) !== 0) return;
    /* Inbound: whether its accept was sent is known only after an audit has checked the connection. */
    flow.unsettledCloses += count;
    this.unsettled.add(flow);
  }
}
