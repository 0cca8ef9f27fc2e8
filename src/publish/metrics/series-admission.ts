/**
 * Which keys of a family have a series of their own: at most a fixed number. A key that was admitted stays until it has been
 * idle for fifteen minutes, so that series neither flicker nor start over. All other keys are part of `other`. In: keys.
 * Out: whether a key is admitted. Times are Unix ms.
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

  /** An active key, which is or becomes a member; false: there is no room for it. */
  admit(key: string, now: number): boolean {
    if (!this.has(key) && this.isFull) return false;
    this.#members.set(key, now);
    return true;
  }

  remove(key: string): void {
    this.#members.delete(key);
  }

  /** Removes the members that have been idle for too long, and returns them. */
  expire(now: number): string[] {
    const idle = [...this.#members].filter(([, active]) => now - active >= this.idleMs).map(([key]) => key);
    for (const key of idle) this.#members.delete(key);
    return idle;
  }
}
