/**
 * Who has a series of their own: at most a fixed number of keys; whoever is in stays until idle for fifteen minutes, so
 * that series neither flicker nor start over. Everybody else is part of `other`. Enters: keys. Leaves: in or out.
 * Called by counter.ts and gauge.ts. Times are Unix ms.
 */
export const SERIES_PER_FAMILY = 50;
export const IDLE_MS = 15 * 60_000;

export class SeriesAdmission {
  /** When each member was last active. */
  readonly #members = new Map<string, number>();

  constructor(
    private readonly limit = SERIES_PER_FAMILY,
    private readonly idleMs = IDLE_MS,
  ) {}

  has(key: string): boolean {
    return this.#members.has(key);
  }

  get isFull(): boolean {
    return this.#members.size >= this.limit;
  }

  members(): IterableIterator<string> {
    return this.#members.keys();
  }

  /** An active key, which is or becomes a member; false: there is no room. */
  admit(key: string, now: number): boolean {
    if (!this.has(key) && this.isFull) return false;
    this.#members.set(key, now);
    return true;
  }

  dismiss(key: string): void {
    this.#members.delete(key);
  }

  /** Members idle for too long; they are members no more. */
  retire(now: number): string[] {
    const idle = [...this.#members].filter(([, active]) => now - active >= this.idleMs).map(([key]) => key);
    for (const key of idle) this.#members.delete(key);
    return idle;
  }
}
