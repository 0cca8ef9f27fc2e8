/**
 * One kind of failure: (namespace, owner, direction, destination, call, errno, cause), a row of the failures table, with an
 * exact count. Kept by failure-table.ts.
 */
import type { Cause } from '../../protocol/rows.js';
import { RateWindow } from '../measure/rates.js';
import type { Budget } from './budget.js';
import { type Call, errnoName } from './cause.js';
import { type Destination, destinationText, directionName } from './destination.js';
import type { Namespace } from './namespace.js';
import type { Owner } from './owner.js';

/** What distinguishes one kind of failure from another. */
export interface FailureKind {
  readonly namespace: Namespace;
  readonly owner: Owner;
  readonly direction: number;
  /** Of bind(): the local address and port that it asked for. */
  readonly destination: Destination;
  readonly call: Call;
  /** 0: aborted. */
  readonly err: number;
  readonly cause: Cause;
}

/** Among those of one owner. */
export function failureKey({ namespace, direction, destination, call, err, cause }: FailureKind): string {
  const where = `${directionName(direction) ?? '-'}/${destinationText(destination)}`;
  return `${namespace.key}/${where}/${call}/${errnoName(err) ?? '-'}/${cause}`;
}

/** Attempts that count in the mean of their waits, more or less. */
const WAITS = 8;

export class Failure {
  count = 0;
  /** Unix ms. */
  firstSeen = 0;
  lastSeen = 0;
  /** Some of them are counted elsewhere, since the ring had no room to say where they belong; or nowhere (doubt.ts). */
  lowerBound = false;
  readonly rates = new RateWindow(1);
  /** Attempts that nobody answered; most kinds have none. */
  unanswered = 0;
  unansweredRates: RateWindow | null = null;
  /** How long its attempts wait for an answer, a running mean, ms; null: that is not known. */
  waitedMs: number | null = null;
  /** The budget that had no port left; pinned, so that its row stays as long as this one is fresh. */
  budget: Budget | null = null;
  budgetKey: string | null = null;
  /** Waits to be published. */
  dirty = false;
  /** It counts for another now. */
  gone = false;
  /** The row's. */
  readonly key: string;

  constructor(readonly kind: FailureKind) {
    this.key = `${kind.owner.key}/${failureKey(kind)}`;
  }

  /** @param unixMs when the last of them happened */
  add(count: number, unixMs: number): void {
    this.count += count;
    if (this.firstSeen === 0) this.firstSeen = unixMs;
    this.lastSeen = Math.max(this.lastSeen, unixMs);
  }

  /** One that was late, since its program had to wait for a processor, must not stand for all. */
  addWait(ms: number): void {
    this.waitedMs = this.waitedMs === null ? ms : this.waitedMs + (ms - this.waitedMs) / WAITS;
  }

  /** Of those that are added, one was an attempt that nobody answered. */
  addUnanswered(second: number): void {
    this.unanswered += 1;
    this.unansweredRates ??= new RateWindow(1);
    this.unansweredRates.add(0, second);
  }

  /** Takes over everything that another one counted. */
  absorb(other: Failure): void {
    this.absorbUnanswered(other);
    this.count += other.count;
    this.firstSeen = this.firstSeen === 0 ? other.firstSeen : Math.min(this.firstSeen, other.firstSeen);
    this.lastSeen = Math.max(this.lastSeen, other.lastSeen);
    this.lowerBound ||= other.lowerBound;
    this.budgetKey ??= other.budgetKey;
    this.rates.merge(other.rates);
    other.gone = true;
  }

  private absorbUnanswered({ unanswered, unansweredRates, waitedMs, lastSeen }: Failure): void {
    this.unanswered += unanswered;
    if (lastSeen >= this.lastSeen) this.waitedMs = waitedMs ?? this.waitedMs;
    if (unansweredRates === null) return;
    this.unansweredRates ??= new RateWindow(1);
    this.unansweredRates.merge(unansweredRates);
  }
}
