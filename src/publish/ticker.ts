/**
 * The publish clock. In: the hub. Out: its ticks: one per interval while there is a subscription, else just often enough
 * that changes do not pile up in the engine.
 */
import type { Hub } from './hub.js';

/** Longest time between two collections without a subscription. */
const IDLE_MS = 10_000;

export class Ticker {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly hub: Hub,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.hub.onFirstSubscription = () => this.#arm();
    this.#arm();
  }

  stop(): void {
    this.hub.onFirstSubscription = () => {};
    if (this.#timer) clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const period = this.hub.hasSubscriptions ? this.intervalMs : Math.max(IDLE_MS, this.intervalMs);
    this.#timer = setTimeout(() => this.#tick(), period);
  }

  /** Armed before the work, so that the work does not stretch the interval. */
  #tick(): void {
    this.#arm();
    this.hub.publish(Date.now());
  }
}
