/**
 * How fast ports are being taken right now, as exact as a forecast needs it. Enters: the times of opens. Leaves: a rate and
 * how far to trust it. RateWindow is for tables: it counts a second that has only begun as a whole one. Pure: time comes
 * with the calls. One per budget, about 250 bytes.
 */

/** One-second buckets; a power of two, so that their place is a mask away. */
const SLOTS = 32;
/** Whole seconds looked back, unless the rate has changed since. */
const WINDOW = 30;
/** A change is what is this many standard deviations away from an unchanged rate: of 30 places one may look so by chance. */
const SIGMAS = 4.5;
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

interface Spread {
  seconds: number;
  sum: number;
  squares: number;
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
    let recent = this.countOver(WINDOW, nowMs);
    for (let seconds = this.sinceChange(recent, WINDOW, nowMs); seconds > 0; ) {
      recent = this.countOver(seconds, nowMs);
      seconds = this.sinceChange(recent, seconds, nowMs);
    }
    return { perSecond: recent.count / recent.seconds, noise: this.noise(recent.count) };
  }

  /**
   * Whole seconds since the rate changed most, of those that `all` looks back; 0: it did not change. What comes in bursts
   * varies so much on either side of any place that no place is a change.
   */
  private sinceChange(all: Count, window: number, nowMs: number): number {
    const oldest = this.oldestWhole(window);
    const total = this.spread(oldest);
    let count = this.at(this.newest);
    let [most, changed] = [SIGMAS, 0];
    for (let second = this.newest - 1; second > oldest; second--) {
      count += this.at(second);
      const after = (nowMs - second * 1000) / 1000;
      const expected = (all.count / all.seconds) * after;
      const deviation = Math.sqrt((expected * (all.seconds - after)) / all.seconds);
      const sigmas = (Math.abs(count - expected) - 1) / deviation;
      if (sigmas <= most) continue;
      const recent = this.spread(second);
      if (sigmas <= SIGMAS * Math.sqrt(dispersion(recent, less(total, recent)))) continue;
      [most, changed] = [sigmas, this.newest - second];
    }
    return changed;
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

  /**
   * Of few opens one more or less. Of more, by the dispersion of all whole seconds: a rate that has just changed is
   * trusted less, and so is a short window that chance made look like a change.
   */
  private noise(count: number): number {
    const least = 1 / Math.max(1, count);
    const all = this.spread(this.oldestWhole(WINDOW));
    if (all.seconds < MIN_SPREAD_SECONDS || all.sum === 0) return Math.min(MAX_NOISE, least);
    const variance = deviance(all) / (all.seconds - 1);
    const random = Math.sqrt(((variance / all.sum) * all.seconds) / Math.max(1, count));
    return Math.min(MAX_NOISE, Math.max(least, random));
  }

  /** The first second that was counted as a whole. */
  private oldestWhole(window: number): number {
    return Math.max(this.newest - window, Math.floor(this.firstMs / 1000) + 1);
  }

  /** Of the whole seconds from `oldest` to now. */
  private spread(oldest: number): Spread {
    const spread = { seconds: Math.max(0, this.newest - oldest), sum: 0, squares: 0 };
    for (let second = oldest; second < this.newest; second++) {
      spread.sum += this.at(second);
      spread.squares += this.at(second) ** 2;
    }
    return spread;
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

function less(all: Spread, part: Spread): Spread {
  return {
    seconds: all.seconds - part.seconds,
    sum: all.sum - part.sum,
    squares: all.squares - part.squares,
  };
}

/** Sum of the squared distances from the mean. */
function deviance({ seconds, sum, squares }: Spread): number {
  return seconds > 0 ? Math.max(0, squares - sum ** 2 / seconds) : 0;
}

/** Variance over mean within two spans, each about its own mean; never below that of random arrivals, which is 1. */
function dispersion(recent: Spread, before: Spread): number {
  const free = recent.seconds + before.seconds - 2;
  const mean = (recent.sum + before.sum) / (recent.seconds + before.seconds);
  return free > 0 && mean > 0 ? Math.max(1, (deviance(recent) + deviance(before)) / free / mean) : 1;
}
