/**
 * How fast ports are being taken right now, as exact as a forecast needs it. In: the times of opens. Out: a rate and
 * its uncertainty. RateWindow is for tables: it is slow to follow, and rounds. Pure: time
 * comes with the calls. One per budget, about 370 bytes.
 */

/** One-second buckets; a power of two, so that their place is a mask away. */
const SLOTS = 32;
/** Whole seconds that are counted, unless the rate has changed since. */
const WINDOW = 30;
/** A change is what is this many standard deviations away from an unchanged rate: of 30 seconds one may do so by chance. */
const SIGMAS = 4.5;
/** A second with less than this share of the mean is low. */
const LOW = 0.25;
/**
 * The rate has fallen when low seconds last this long, by one second longer than ever between two batches, and so many opens less came
 * than the mean would have brought: of random ones seven may be missing by chance once in a thousand.
 */
const FALLEN_SECONDS = 1.5;
const LONGER_SECONDS = 1;
const MISSED_OPENS = 7;
/** A pause between two batches is remembered for so long, s: a batch may come less than twice in a window. */
const PAUSE_KEPT = 2 * SLOTS;
/** A batch has up to so many times the opens of those before it. */
const ALIKE = 1.5;
/** Shortest time a rate is taken over, s. */
const MIN_SPAN = 0.25;
/** Fewer whole seconds than this say nothing about how regular arrivals are. */
const MIN_SPREAD_SECONDS = 5;
const MAX_NOISE = 0.25;
/** Fewer opens than five are no stream (the first counts half, see countOver). */
const STREAM_OPENS = 4.5;

export interface OpenEstimate {
  perSecond: number;
  /**
   * Standard deviation of `perSecond`, relative to it: for n random opens 1/√n, like clockwork 1/n; at most 0.25. 1: too few to
   * say how fast.
   */
  noise: number;
  /** From the first open since the last long silence to the last one. */
  streamSeconds: number;
}

interface Count {
  count: number;
  seconds: number;
}

export class OpenRate {
  private readonly buckets: number[] = new Array(SLOTS).fill(0);
  private newest = -1;
  private lastOpen = -1;
  /** The first open since the last time that nothing had happened for SLOTS seconds; ms. */
  private firstMs = -1;
  private lastMs = -1;
  /** The longest time of late without an open, in whole seconds, and the second that ended it. */
  private pause = 0;
  private pauseEnd = -1;

  /** @param atMs of a clock that does not jump; an open older than the newest second counts into that second */
  add(atMs: number, count = 1): void {
    const second = Math.floor(atMs / 1000);
    if (this.isQuiet(second)) this.restart(second, atMs);
    else this.advance(second);
    this.notePause();
    this.lastOpen = this.newest;
    this.lastMs = Math.max(this.lastMs, atMs);
    const slot = this.newest & (SLOTS - 1);
    this.buckets[slot] = (this.buckets[slot] as number) + count;
  }

  estimate(nowMs: number): OpenEstimate {
    const second = Math.floor(nowMs / 1000);
    if (this.isQuiet(second)) return { perSecond: 0, noise: 0, streamSeconds: 0 };
    this.advance(second);
    let recent = this.countOver(WINDOW, nowMs);
    let seconds = this.sinceFall(recent, nowMs);
    if (seconds === 0 && !this.isBatch()) seconds = this.sinceChange(recent, WINDOW, nowMs);
    while (seconds > 0) {
      recent = this.countOver(seconds, nowMs);
      seconds = this.sinceChange(recent, seconds, nowMs);
    }
    const perSecond = recent.count / recent.seconds;
    const streamSeconds = (this.lastMs - this.firstMs) / 1000;
    return { perSecond, noise: this.noise(recent.count, perSecond), streamSeconds };
  }

  /** The first open since the last long silence, and the last one, ms; null: nothing has opened for long. */
  span(nowMs: number): readonly [firstMs: number, lastMs: number] | null {
    return this.isQuiet(Math.floor(nowMs / 1000)) ? null : [this.firstMs, this.lastMs];
  }

  /**
   * Whole seconds since the rate changed most, of those that `all` looks back; 0: it did not change. What comes in bursts
   * jumps so much from second to second that no jump is a change.
   */
  private sinceChange(all: Count, window: number, nowMs: number): number {
    const oldest = this.oldestWhole(window);
    const jumps = this.jumps(oldest);
    let count = this.at(this.newest);
    let [most, changed] = [SIGMAS, 0];
    for (let second = this.newest - 1; second > oldest; second--) {
      count += this.at(second);
      const after = (nowMs - second * 1000) / 1000;
      const expected = (all.count / all.seconds) * after;
      const others = (jumps - this.jump(second)) / Math.max(1, this.newest - oldest - 2);
      const dispersion = Math.max(1, (others * all.seconds) / all.count);
      const deviation = Math.sqrt((dispersion * expected * (all.seconds - after)) / all.seconds);
      const sigmas = (Math.abs(count - expected) - 1) / deviation;
      if (sigmas > most) [most, changed] = [sigmas, this.newest - second];
    }
    return changed;
  }

  /**
   * Whole seconds since the rate fell to next to nothing; 0: it did not. Random opens hide such a fall among their jumps, where
   * `sinceChange` sees it many seconds later. What comes in batches has been low for as long before.
   */
  private sinceFall(all: Count, nowMs: number): number {
    const mean = all.count / all.seconds;
    const low = this.lowSeconds(LOW * mean);
    const seconds = low + nowMs / 1000 - this.newest;
    if (low === 0 || seconds < FALLEN_SECONDS || seconds <= this.longestPause(LOW * mean) + LONGER_SECONDS)
      return 0;
    const { count } = this.countOver(low, nowMs);
    /* As it was before: of a stream that has just begun the silence is most of the mean. */
    const before = (all.count - count) / Math.max(MIN_SPAN, all.seconds - seconds);
    return before * seconds - count >= MISSED_OPENS ? low : 0;
  }

  /** Whole seconds just now in which fewer than `most` opened; 0 as soon as the one that runs has as many. */
  private lowSeconds(most: number): number {
    let second = this.newest;
    while (second > this.newest - WINDOW && this.at(second) < most) second -= 1;
    return Math.max(0, this.newest - second - 1);
  }

  /** Between two seconds that are not low, in whole seconds. */
  private longestPause(most: number): number {
    let longest = this.newest - this.pauseEnd <= PAUSE_KEPT ? this.pause : 0;
    let last = -1;
    for (let second = this.newest - WINDOW; second < this.newest; second++) {
      if (this.at(second) < most) continue;
      if (last >= 0) longest = Math.max(longest, second - last - 1);
      last = second;
    }
    return longest;
  }

  /** What comes after a pause is no change yet: it is neither longer than that nor more than what came before. */
  private isBatch(): boolean {
    if (this.pause === 0 || this.newest - this.pauseEnd > this.pause) return false;
    let [before, after] = [0, 0];
    for (let second = this.newest - WINDOW; second <= this.newest; second++) {
      if (second < this.pauseEnd) before += this.at(second);
      else after += this.at(second);
    }
    return after <= ALIKE * before;
  }

  private notePause(): void {
    const pause = this.newest - this.lastOpen - 1;
    if (this.lastOpen < 0 || pause <= 0 || pause >= SLOTS) return;
    if (pause < this.pause && this.newest - this.pauseEnd <= PAUSE_KEPT) return;
    [this.pause, this.pauseEnd] = [pause, this.newest];
  }

  /** Opens in the last `window` whole seconds and the one that runs, and the time that they took. */
  private countOver(window: number, nowMs: number): Count {
    const from = (this.newest - window) * 1000;
    let count = 0;
    for (let second = this.newest - window; second <= this.newest; second++) count += this.at(second);
    if (from > this.firstMs) return { count, seconds: Math.max(MIN_SPAN, (nowMs - from) / 1000) };
    // Time begins with the first open or batch: no gap is before it, and of the gap that runs now half has passed on average.
    return {
      count: Math.max(0, count - this.firstBatch() / 2),
      seconds: Math.max(MIN_SPAN, (nowMs - this.firstMs) / 1000),
    };
  }

  /** Opens until the first pause; 1 of a stream that has made none as long as itself. */
  private firstBatch(): number {
    const first = Math.floor(this.firstMs / 1000);
    let [second, count] = [first, 0];
    while (second <= this.newest && this.at(second) > 0) count += this.at(second++);
    return second - first <= this.pause ? count : 1;
  }

  /** Of few opens one more or less. Of more, by how much one second differs from the next, wherever their level. */
  private noise(count: number, perSecond: number): number {
    if (count < STREAM_OPENS) return 1;
    const least = 1 / count;
    const oldest = this.oldestWhole(WINDOW);
    const seconds = this.newest - oldest;
    if (seconds < MIN_SPREAD_SECONDS) return Math.min(MAX_NOISE, least);
    const dispersion = this.jumps(oldest) / (seconds - 1) / perSecond;
    return Math.min(MAX_NOISE, Math.max(least, Math.sqrt(dispersion / count)));
  }

  /** The first second that was counted as a whole. */
  private oldestWhole(window: number): number {
    return Math.max(this.newest - window, Math.floor(this.firstMs / 1000) + 1);
  }

  /** Sum over the whole seconds from `oldest` to now; over their number it is the variance about a mean that may move. */
  private jumps(oldest: number): number {
    let sum = 0;
    for (let second = oldest + 1; second < this.newest; second++) sum += this.jump(second);
    return sum;
  }

  private jump(second: number): number {
    return (this.at(second) - this.at(second - 1)) ** 2 / 2;
  }

  private at(second: number): number {
    return second < 0 ? 0 : (this.buckets[second & (SLOTS - 1)] as number);
  }

  private isQuiet(second: number): boolean {
    return this.lastOpen < 0 || second - this.lastOpen >= SLOTS;
  }

  private restart(second: number, atMs: number): void {
    this.buckets.fill(0);
    this.pause = 0;
    this.newest = second;
    this.firstMs = atMs;
  }

  private advance(second: number): void {
    for (let next = this.newest + 1; next <= second; next++) this.buckets[next & (SLOTS - 1)] = 0;
    this.newest = Math.max(this.newest, second);
  }
}
