/**
 * How fast ports are being taken right now, as exact as a forecast needs it. Enters: the times of opens. Leaves: a rate and
 * how far to trust it. RateWindow is for tables: it counts a second that has only begun as a whole one. Pure: time comes
 * with the calls. One per budget, about 250 bytes.
 */

/** One-second buckets; a power of two, so that their place is a mask away. */
const SLOTS = 32;
/** Whole seconds looked back, longest first: a shorter window counts only when it tells of a change. */
const WINDOWS = [30, 10, 3, 1] as const;
/** A change is what is this many standard deviations away from an unchanged rate. */
const SIGMAS = 3;
/** Shortest time a rate is taken over, s. */
const MIN_SPAN = 0.25;
/** Fewer whole seconds than this say nothing about how regular arrivals are. */
const MIN_SPREAD_SECONDS = 5;
const MAX_NOISE = 0.25;

export interface OpenEstimate {
  perSecond: number;
  /** Standard deviation of `perSecond`, relative to it: for n random opens 1/√n, like clockwork 1/n; at most 0.25. */
  noise: number;
}

interface Count {
  count: number;
  seconds: number;
}

export class OpenRate {
  private readonly buckets = new Uint32Array(SLOTS);
  private newest = -1;
  private lastOpen = -1;
  /** The first open since the last time that nothing had happened for SLOTS seconds; ms. */
  private firstMs = -1;

  /** @param atMs of a clock that does not jump; an open older than the newest second counts into that second */
  add(atMs: number, count = 1): void {
    const second = Math.floor(atMs / 1000);
    if (this.isQuiet(second)) this.restart(second, atMs);
    else this.advance(second);
    this.lastOpen = this.newest;
    const slot = this.newest & (SLOTS - 1);
    this.buckets[slot] = (this.buckets[slot] as number) + count;
  }

  estimate(nowMs: number): OpenEstimate {
    const second = Math.floor(nowMs / 1000);
    if (this.isQuiet(second)) return { perSecond: 0, noise: 0 };
    this.advance(second);
    let window: number = WINDOWS[0];
    let best = this.countOver(window, nowMs);
    for (const shorter of WINDOWS.slice(1)) {
      const recent = this.countOver(shorter, nowMs);
      if (!differs(recent, best)) continue;
      window = shorter;
      best = recent;
    }
    return { perSecond: best.count / best.seconds, noise: this.noise(best.count, window) };
  }

  /** Opens in the last `window` whole seconds and the one that runs, and the time that they took. */
  private countOver(window: number, nowMs: number): Count {
    const from = (this.newest - window) * 1000;
    let count = 0;
    for (let second = this.newest - window; second <= this.newest; second++) count += this.at(second);
    if (from > this.firstMs) return { count, seconds: Math.max(MIN_SPAN, (nowMs - from) / 1000) };
    // Time begins with the first open: that one is no gap, and of the gap that runs now half has passed on average.
    return { count: Math.max(0, count - 0.5), seconds: Math.max(MIN_SPAN, (nowMs - this.firstMs) / 1000) };
  }

  /** Of few opens one more or less; of more, by the variance of whole seconds over their mean: 1 is random. */
  private noise(count: number, window: number): number {
    const least = 1 / Math.max(1, count);
    const from = Math.max(this.newest - window, Math.floor(this.firstMs / 1000) + 1);
    const seconds = this.newest - from;
    if (seconds < MIN_SPREAD_SECONDS) return Math.min(MAX_NOISE, least);
    let [sum, squares] = [0, 0];
    for (let second = from; second < this.newest; second++) {
      sum += this.at(second);
      squares += this.at(second) ** 2;
    }
    const variance = (squares - sum ** 2 / seconds) / (seconds - 1);
    const spread = sum === 0 ? 0 : Math.sqrt(((variance / sum) * seconds) / sum);
    return Math.min(MAX_NOISE, Math.max(least, spread));
  }

  private at(second: number): number {
    return second < 0 ? 0 : (this.buckets[second & (SLOTS - 1)] as number);
  }

  private isQuiet(second: number): boolean {
    return this.lastOpen < 0 || second - this.lastOpen >= SLOTS;
  }

  private restart(second: number, atMs: number): void {
    this.buckets.fill(0);
    this.newest = second;
    this.firstMs = atMs;
  }

  private advance(second: number): void {
    for (let next = this.newest + 1; next <= second; next++) this.buckets[next & (SLOTS - 1)] = 0;
    this.newest = Math.max(this.newest, second);
  }
}

/** Whether `recent` cannot well come of the same rate as `all`. One open more or less is chance. */
function differs(recent: Count, all: Count): boolean {
  const expected = (all.count / all.seconds) * recent.seconds;
  return Math.abs(recent.count - expected) > SIGMAS * Math.sqrt(expected) + 1;
}
