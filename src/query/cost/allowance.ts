/**
 * What filters, views and events may cost: a token bucket of steps. In: steps that were taken. Out: whether there are more.
 * docs/decisions/filter-cost.md
 */

/** Of a second's steps so many at once: events come in batches, and a batch is one turn of the event loop. */
const BURST_SECONDS = 0.15;

export class Allowance {
  #steps: number;
  #refilledAt: number | null = null;

  constructor(
    private readonly perSecond: number,
    private readonly burstSeconds = BURST_SECONDS,
  ) {
    this.#steps = this.#most;
  }

  /** `now`: monotonic ms. */
  has(now: number): boolean {
    const passed = now - (this.#refilledAt ?? now);
    this.#refilledAt = now;
    this.#steps = Math.min(this.#most, this.#steps + (passed / 1000) * this.perSecond);
    return this.#steps > 0;
  }

  /** May lead below zero: what was taken too much is paid back first. */
  spend(steps: number): void {
    this.#steps -= steps;
  }

  get #most(): number {
    return this.perSecond * this.burstSeconds;
  }
}
