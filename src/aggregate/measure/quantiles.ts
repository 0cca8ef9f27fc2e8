/**
 * Quantiles of durations over the last ten seconds: two logarithmic histograms of five seconds each, the older one thrown
 * away when a third begins. Four buckets per doubling: a quantile errs by at most 9 %. Microseconds in, milliseconds out.
 * Histograms are handed out by a pool with a limit: a flow that gets none reports null, never a wrong number.
 */
import type { Quantiles } from '../../protocol/rows.js';

const BUCKETS_PER_DOUBLING = 4;
/** Up to 2^40 microseconds: twelve days. */
const BUCKETS = 40 * BUCKETS_PER_DOUBLING;
const HALF_SECONDS = 5;

export class DurationWindow {
  private current = new Uint32Array(BUCKETS);
  private previous = new Uint32Array(BUCKETS);
  private half = -1;
  private aged = false;

  constructor(private readonly pool: DurationPool | null = null) {}

  add(microseconds: number, second: number): void {
    this.advance(second);
    const bucket = bucketOf(microseconds);
    this.current[bucket] = (this.current[bucket] as number) + 1;
  }

  quantiles(second: number): Quantiles {
    this.advance(second);
    const total = sum(this.current) + sum(this.previous);
    if (total === 0) return { p50: null, p99: null };
    return { p50: this.quantile(total * 0.5), p99: this.quantile(total * 0.99) };
  }

  /** Whether time alone has changed a quantile since this was last asked. */
  ages(second: number): boolean {
    this.advance(second);
    const { aged } = this;
    this.aged = false;
    return aged;
  }

  /** By powers of two, from the shortest that occurred to the longest: [at most ms, how many]. */
  doublings(second: number): [number, number][] {
    this.advance(second);
    const counts: number[] = [];
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const doubling = Math.floor(bucket / BUCKETS_PER_DOUBLING);
      const count = (this.current[bucket] as number) + (this.previous[bucket] as number);
      counts[doubling] = (counts[doubling] ?? 0) + count;
    }
    const [first, last] = [counts.findIndex(isSome), counts.findLastIndex(isSome)];
    if (first < 0) return [];
    return counts.slice(first, last + 1).map((count, at) => [2 ** (first + at + 1) / 1000, count]);
  }

  /** Adds what another one counted. */
  merge(other: DurationWindow): void {
    this.advance(other.half * HALF_SECONDS);
    addCounts(other.half === this.half ? this.current : this.previous, other.current, this.half - other.half);
    addCounts(this.previous, other.previous, this.half - other.half + 1);
  }

  /** Goes back to its pool. */
  release(): void {
    this.pool?.give(this);
  }

  /** Empties it for its next user. */
  reset(): void {
    this.current.fill(0);
    this.previous.fill(0);
    this.half = -1;
  }

  private quantile(rank: number): number {
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += (this.current[bucket] as number) + (this.previous[bucket] as number);
      if (seen >= rank) return millisecondsOf(bucket);
    }
    return millisecondsOf(BUCKETS - 1);
  }

  private advance(second: number): void {
    const half = Math.floor(second / HALF_SECONDS);
    if (half <= this.half) return;
    const old = this.previous;
    this.previous = this.current;
    this.current = old;
    this.empty(old);
    if (half > this.half + 1) this.empty(this.previous);
    this.half = half;
  }

  private empty(counts: Uint32Array): void {
    this.aged ||= sum(counts) > 0;
    counts.fill(0);
  }
}

const isSome = (count: number) => count > 0;

function bucketOf(microseconds: number): number {
  if (microseconds <= 1) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log2(microseconds) * BUCKETS_PER_DOUBLING));
}

/** The geometric middle of a bucket, to three digits. */
function millisecondsOf(bucket: number): number {
  return Number((2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING) / 1000).toPrecision(3));
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}

/** `halves`: how much older the counts are than the window; older than one half they are forgotten. */
function addCounts(into: Uint32Array, from: Uint32Array, halves: number): void {
  if (halves > 1) return;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    into[bucket] = (into[bucket] as number) + (from[bucket] as number);
  }
}

/** One window for both, null when neither has one; the spent one goes back to its pool. */
export function merged(into: DurationWindow | null, from: DurationWindow | null): DurationWindow | null {
  if (into === null || from === null) return into ?? from;
  into.merge(from);
  from.release();
  return into;
}

export class DurationPool {
  private readonly free: DurationWindow[] = [];
  private made = 0;

  constructor(private readonly limit: number) {}

  take(): DurationWindow | null {
    const window = this.free.pop();
    if (window !== undefined) return window;
    if (this.made >= this.limit) return null;
    this.made += 1;
    return new DurationWindow(this);
  }

  give(window: DurationWindow): void {
    window.reset();
    this.free.push(window);
  }
}
