/**
 * The publish clock: every interval while somebody subscribes, else just often enough that changes do not pile up in the
 * engine. Enters: the hub. Leaves: its ticks. Called by server.ts.
 */
import type { Hub } from './hub.js';

/** Longest time the tables go uncollected when nobody looks. */
const IDLE_MS = 10_000;

export class Ticker {
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly hub: Hub,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.hub.onWanted = () => this.#arm();
    this.#arm();
  }

  stop(): void {
    this.hub.onWanted = () => {};
    if (this.#timer) clearTimeout(this.#timer);
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    const period = this.hub.wanted ? this.intervalMs : Math.max(IDLE_MS, this.intervalMs);
    this.#timer = setTimeout(() => this.#tick(), period);
  }

  /** The next tick counts from this one's start, so that work does not stretch the interval. */
  #tick(): void {
    this.#arm();
    this.hub.publish(Date.now());
  }
}
