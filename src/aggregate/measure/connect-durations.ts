/**
 * How long connects took, over everything and since the start: a histogram with fixed bounds, one addition per event.
 * In: durations in microseconds. Out: cumulative counts, as Prometheus wants them.
 */
import type { DurationCounts } from '../../protocol/source.js';

/** Seconds. Loopback lies in the first ones; the last ones show how often a lost SYN was sent again (1, 3, 7, 15, 31 s). */
export const CONNECT_BOUNDS: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32,
];
const BOUNDS_US = Float64Array.from(CONNECT_BOUNDS, (seconds) => Math.round(seconds * 1e6));

export class ConnectDurations {
  /** By bound, then what is longer than the last. */
  private readonly counts = new Float64Array(BOUNDS_US.length + 1);
  private sumUs = 0;

  add(microseconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS_US.length && microseconds > (BOUNDS_US[bucket] as number)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sumUs += microseconds;
  }

  snapshot(): DurationCounts {
    let count = 0;
    const upTo = Array.from(this.counts, (inBucket) => {
      count += inBucket;
      return count;
    });
    return { bounds: CONNECT_BOUNDS, upTo: upTo.slice(0, -1), count, sumSeconds: this.sumUs / 1e6 };
  }
}
