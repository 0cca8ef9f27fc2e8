/**
 * What happened in the last ten seconds, in one-second buckets. Time is whole seconds of the events' own clock.
 * An event older than the newest one seen counts into the newest bucket: order across CPUs is nearly, not quite, strict.
 */
import { tenths } from '../../protocol/format.js';

export const RATE_SECONDS = 10;

/** Kinds of the windows that flows and namespaces have. */
export const RATE = { OPEN: 0, CLOSE: 1, FAIL: 2, KINDS: 3 } as const;

/** A time of the events' clock: its second, and how much of that has passed, 0 to 1. */
export function secondOf(nowNs: number): readonly [second: number, passed: number] {
  const second = Math.floor(nowNs / 1e9);
  return [second, nowNs / 1e9 - second];
}

/** Several counters over the same ten seconds. */
export class RateWindow {
  /** A plain array: a typed one of this size costs as much again for its buffer, and there are tens of thousands. */
  private readonly buckets: number[];
  /** The second of the newest bucket; -1: nothing counted yet. */
  private newest = -1;
  private first = -1;
  private lastCounted = -1;
  private aged = false;

  constructor(private readonly kinds: number) {
    this.buckets = new Array(kinds * RATE_SECONDS).fill(0);
  }

  /** The second of the first count; -1: there is none. */
  get began(): number {
    return this.first;
  }

  add(kind: number, second: number, count = 1): void {
    this.advance(second);
    this.lastCounted = this.newest;
    this.addAt(kind, this.newest, count);
  }

  /** Adds what another window of the same kinds counted. */
  merge(other: RateWindow): void {
    this.advance(other.newest);
    for (let second = Math.max(0, this.newest - RATE_SECONDS + 1); second <= other.newest; second++) {
      if (second <= other.newest - RATE_SECONDS) continue;
      for (let kind = 0; kind < this.kinds; kind++) this.addAt(kind, second, other.at(kind, second));
    }
    this.first =
      this.first < 0 ? other.first : Math.min(this.first, other.first < 0 ? this.first : other.first);
    this.lastCounted = Math.max(this.lastCounted, other.lastCounted);
  }

  /**
   * Per second over the last ten, or over the time since the first count when that is shorter; one decimal.
   * @param passed how much of `second` has passed, 0 to 1: counted as a whole one it would hide up to a tenth of a steady rate
   * @param hasEnded whatever counts here has ended: over all ten seconds, so that the rates of those that come and go within
   *   them add up to the rate at which they come
   */
  perSecond(kind: number, second: number, passed = 1, hasEnded = false): number {
    if (this.newest < 0) return 0;
    this.advance(second);
    let sum = 0;
    for (let slot = 0; slot < RATE_SECONDS; slot++) sum += this.at(kind, slot);
    const span = hasEnded ? RATE_SECONDS : this.span(second, passed);
    return tenths(sum / span);
  }

  /** Seconds that a rate is over: since the first count, at most ten. */
  private span(second: number, passed: number): number {
    const seconds = Math.min(RATE_SECONDS, this.newest - this.first + 1);
    return Math.max(1, this.newest > second ? seconds : seconds - 1 + passed);
  }

  /**
   * As perSecond, but of whole seconds only: neither the one that is passing nor the one in which counting began. Right
   * two seconds after a steady stream began, where perSecond still errs by a second's worth.
   * @param began when counting did that this is added to: what turns from one into the other counts once
   */
  steadyPerSecond(kind: number, second: number, began = this.first): number {
    const rate = this.perSecond(kind, second);
    const from = Math.max(Math.min(began, this.first) + 1, this.newest - RATE_SECONDS + 1);
    if (this.newest <= from) return rate;
    let sum = 0;
    for (let at = from; at < this.newest; at++) sum += this.at(kind, at);
    return sum / (this.newest - from);
  }

  /** Whether anything was counted in the last ten seconds. */
  isActive(second: number): boolean {
    return this.lastCounted >= 0 && second - this.lastCounted < RATE_SECONDS;
  }

  /** Whether time alone has changed a rate since this was last asked. */
  ages(second: number): boolean {
    if (this.newest < 0) return false;
    this.advance(second);
    const { aged } = this;
    this.aged = false;
    return aged;
  }

  private index(kind: number, second: number): number {
    return (second % RATE_SECONDS) * this.kinds + kind;
  }

  private at(kind: number, second: number): number {
    return this.buckets[this.index(kind, second)] as number;
  }

  private addAt(kind: number, second: number, count: number): void {
    this.buckets[this.index(kind, second)] = this.at(kind, second) + count;
  }

  /** Clears the buckets that have left the window. */
  private advance(second: number): void {
    if (second <= this.newest) return;
    if (this.newest < 0) this.first = second;
    const steps = this.newest < 0 ? RATE_SECONDS : Math.min(RATE_SECONDS, second - this.newest);
    for (let i = 0; i < steps; i++) this.clear(this.index(0, second - i));
    this.aged ||= second - this.first < RATE_SECONDS;
    this.newest = second;
  }

  private clear(slot: number): void {
    for (let at = slot; at < slot + this.kinds; at++) {
      this.aged ||= this.buckets[at] !== 0;
      this.buckets[at] = 0;
    }
  }
}
