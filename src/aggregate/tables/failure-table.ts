/**
 * All failures, by kind. In: kinds and times. Out: counts, and which changed or went since they were last asked for.
 * Bounded: when full, an owner's new kind counts as one without a known destination, and beyond that as one of the
 * namespace without a known owner; the sum of all counts stays exact.
 */
import type { Budget } from '../model/budget.js';
import { NO_DESTINATION } from '../model/destination.js';
import { mayLack } from '../model/doubt.js';
import { Failure, type FailureKind, failureKey } from '../model/failure.js';
import type { Owner } from '../model/owner.js';
import type { BudgetTable } from './budget-table.js';
import { ByOwner } from './by-owner.js';

/** Room beyond the limit for kinds without destination, a share of it. */
const RESERVE = 0.1;
/** A full table rolls up what has been quiet for this long, ms. */
const KEEP_MS = 600_000;
/** How often it searches for that, ms. */
const SWEEP_MS = 10_000;
/** How long after the last of its failures a budget stays for their sake, ms. */
const HOLD_MS = 60_000;

export class FailureTable {
  private live = 0;
  private dirty: Failure[] = [];
  private gone: string[] = [];
  private readonly failures = new Set<Failure>();
  private readonly owned = new ByOwner<string, Failure>();
  /** Those that pin a budget. */
  private readonly pinning = new Set<Failure>();
  private sweptAt = 0;
  /** Unix ms, 0: never. */
  private doubtedAt = 0;
  /** What is known of these changed: their rows are touched when changes are asked for. */
  private readonly changedOwners = new Set<Owner>();

  /** @param unknown owner of what does not fit */
  constructor(
    private readonly limit: number,
    private readonly unknown: Owner,
    private readonly budgets: BudgetTable,
  ) {}

  get size(): number {
    return this.live;
  }

  all(): Iterable<Failure> {
    return this.failures;
  }

  ownedBy(owner: Owner): Iterable<Failure> {
    return this.owned.rowsOf(owner);
  }

  /** The kind's own place, or the one that it counts for because there is no room. */
  of(kind: FailureKind, unixMs: number): Failure {
    const known = this.owned.get(kind.owner, failureKey(kind));
    if (known !== undefined) return known;
    if (this.live >= this.limit) this.sweep(unixMs);
    return this.hasRoomFor(kind) ? this.admit(kind) : this.of(this.widened(kind), unixMs);
  }

  /** Counts what has just happened. @param second of the events' clock */
  count(failure: Failure, second: number, unixMs: number): void {
    failure.add(1, unixMs);
    failure.rates.add(0, second);
    this.touch(failure);
  }

  /** The budget's row must stay while failures name it. */
  name(failure: Failure, budget: Budget): void {
    if (failure.budget === budget) return;
    if (failure.budget !== null) this.budgets.unpin(failure.budget);
    this.budgets.pin(budget);
    this.budgets.touch(budget);
    failure.budget = budget;
    failure.budgetKey = budget.key;
    this.pinning.add(failure);
  }

  /** Adds all that one counted to the same kind of another owner, a dead process's program. */
  rollUp(from: Failure, owner: Owner, unixMs: number): void {
    this.merge(from, this.of({ ...from.kind, owner }, unixMs));
  }

  /** Lets go of budgets whose failures are over. */
  release(unixMs: number): void {
    for (const failure of this.pinning) if (unixMs - failure.lastSeen > HOLD_MS) this.unpin(failure);
  }

  touch(failure: Failure): void {
    if (failure.dirty || failure.gone) return;
    failure.dirty = true;
    this.dirty.push(failure);
  }

  /** All may lack events, and so may later ones whose owners were there by now. */
  doubt(unixMs: number): void {
    this.doubtedAt = unixMs;
    for (const failure of this.failures) {
      if (failure.lowerBound) continue;
      failure.lowerBound = true;
      this.touch(failure);
    }
  }

  touchOwnedBy(owner: Owner): void {
    if (owner.rows > 0) this.changedOwners.add(owner);
  }

  /** Changed since the last call; their marks are cleared. */
  takeDirty(): Failure[] {
    for (const owner of this.changedOwners) for (const failure of this.ownedBy(owner)) this.touch(failure);
    this.changedOwners.clear();
    const taken = this.dirty;
    this.dirty = [];
    for (const failure of taken) failure.dirty = false;
    return taken.filter(({ gone }) => !gone);
  }

  /** Keys that went since the last call. */
  takeGone(): string[] {
    return this.gone.splice(0);
  }

  private hasRoomFor({ owner, destination }: FailureKind): boolean {
    if (owner === this.unknown && destination === NO_DESTINATION) return true;
    return this.live < this.limit * (destination === NO_DESTINATION ? 1 + RESERVE : 1);
  }

  private widened(kind: FailureKind): FailureKind {
    const owner = kind.destination === NO_DESTINATION ? this.unknown : kind.owner;
    return { ...kind, owner, destination: NO_DESTINATION };
  }

  private admit(kind: FailureKind): Failure {
    const failure = new Failure(kind);
    failure.lowerBound = mayLack(kind.owner, this.doubtedAt);
    this.owned.add(kind.owner, failureKey(kind), failure);
    this.failures.add(failure);
    this.live += 1;
    return failure;
  }

  private merge(from: Failure, into: Failure): void {
    const { budget } = from;
    into.absorb(from);
    if (budget !== null && into.budget === null) this.name(into, budget);
    this.remove(from);
    this.touch(into);
  }

  private remove(failure: Failure): void {
    this.owned.remove(failure.kind.owner, failureKey(failure.kind));
    this.failures.delete(failure);
    this.unpin(failure);
    this.live -= 1;
    this.gone.push(failure.key);
  }

  private unpin(failure: Failure): void {
    if (failure.budget !== null) this.budgets.unpin(failure.budget);
    failure.budget = null;
    this.pinning.delete(failure);
  }

  /** Makes room: what has been quiet for long goes to the namespace's own. */
  private sweep(unixMs: number): void {
    if (unixMs - this.sweptAt < SWEEP_MS) return;
    this.sweptAt = unixMs;
    for (const failure of this.failures) {
      const kept = failure.kind.owner === this.unknown && failure.kind.destination === NO_DESTINATION;
      if (kept || unixMs - failure.lastSeen <= KEEP_MS) continue;
      const kind = { ...failure.kind, owner: this.unknown, destination: NO_DESTINATION };
      this.merge(failure, this.of(kind, unixMs));
    }
  }
}
