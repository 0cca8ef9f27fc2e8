/** Failed calls of the last ten seconds, by the row that counts them. Keeps samples; the time is given. */
import type { FailureRow } from '../../../protocol/rows.js';

/** How long a failure counts as of now, ms. */
export const WINDOW_MS = 10_000;

/** Failed calls of one row that nobody has counted before. */
export interface Grown {
  readonly row: FailureRow;
  readonly failed: number;
}

interface Sample {
  readonly time: number;
  readonly failed: number;
  readonly first: number;
  readonly fresh: readonly Grown[];
}

export class FailureWindow {
  private samples: Sample[] = [];

  /** @param failed of all rows, or where there are none */
  add(fresh: readonly Grown[], failed: number, time: number): void {
    this.samples = this.samples.filter((sample) => sample.time <= time && time - sample.time < WINDOW_MS);
    if (failed > 0) this.samples.push({ time, failed, first: firstOf(fresh, time), fresh });
  }

  get failed(): number {
    return this.samples.reduce((sum, { failed }) => sum + failed, 0);
  }

  get perSecond(): number {
    return this.failed / (WINDOW_MS / 1000);
  }

  /** When the first of them failed, Unix ms; null: there is none. */
  get first(): number | null {
    return this.samples.length === 0 ? null : Math.min(...this.samples.map(({ first }) => first));
  }

  get fresh(): Grown[] {
    return this.samples.flatMap((sample) => sample.fresh);
  }
}

function firstOf(fresh: readonly Grown[], time: number): number {
  let first = time;
  for (const { row } of fresh)
    if (time - (row.firstSeen ?? 0) < WINDOW_MS) first = Math.min(first, row.firstSeen ?? time);
  return first;
}
