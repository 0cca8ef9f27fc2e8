/** Failed calls of the last ten seconds, from a count that only grows but for rows that are forgotten. Keeps samples; the time is given. */

/** How long a failure counts as of now, ms. */
export const WINDOW_MS = 10_000;

export class FailureWindow {
  private samples: { time: number; failed: number }[] = [];

  /** @param counted before it begins; null: not known */
  constructor(private counted: number | null = null) {}

  /**
   * @param failed counted so far
   * @param lately of these, those that happened within the window, for the first call
   * @returns how many failed since the last call
   */
  add(failed: number, lately: number, time: number): number {
    const grown = this.counted === null ? lately : Math.max(0, failed - this.counted);
    this.counted = failed;
    if (grown > 0) this.samples.push({ time, failed: grown });
    this.samples = this.samples.filter((sample) => sample.time <= time && time - sample.time < WINDOW_MS);
    return grown;
  }

  /** What the next one begins with. */
  get total(): number | null {
    return this.counted;
  }

  get failed(): number {
    return this.samples.reduce((sum, { failed }) => sum + failed, 0);
  }

  get perSecond(): number {
    return this.failed / (WINDOW_MS / 1000);
  }
}
