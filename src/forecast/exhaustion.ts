/**
 * When a port budget runs out. In: what it holds now, how fast ports are taken, when the kernel gives which back. Out:
 * seconds, or null for never. Pure, allocates next to nothing, some 130 steps.
 *
 * The model: connections open at a constant rate and live L seconds; a share of them then waits W seconds more. By Little's
 * law rate × L of those alive now belong to this stream; what is alive beyond that is older and stays (a pool). So the
 * number of ports held bends only where a second of the kernel's timers ends, where the stream begins to close, and W
 * later; between the bends it is a straight line, and the answer is exact for the model.
 *
 * Noise: a measured rate is never quite right, and near rate × (L + W) = limit a percent decides between "soon" and
 * "never". So "never" turns into a number only when a rate lower by the noise (at least 3 %) would fill the budget too,
 * and a number into "never" only when not even one higher by a third of it would: a wider band there would hold on to a
 * countdown that does not count. What the budget holds is measured, not extrapolated: as it fills, the rate matters less.
 */

/** Relative error of the rate that is always reckoned with. */
export const RATE_NOISE = 0.03;
/** Of the noise, what a number forgives before it turns into never. */
const LEAVE_SHARE = 1 / 3;
/** Further ahead is never, seconds. */
export const HORIZON_SECONDS = 3600;
/**
 * More connections alive than this many times what their lifetimes explain means that those lifetimes are not all: they
 * come of the ones that have closed, and while a stream starts, only its short ones have.
 */
const EXPLAINED = 1.5;
/**
 * Beyond this it is a leak: some never close. A starting stream shows up to three times too many; and it must be more
 * than some seconds bring, or any stream of short connections would at times seem a leak.
 */
const LEAK_FACTOR = 4;
const LEAK_SECONDS = 4;
/**
 * And it must be evidence: of ten that stay, the rate at which they do is known to a factor of two (Poisson, 95 %: 4.8 to 18.4), of
 * two to a factor of thirty (0.24 to 7.2), and two may as well be a pool. A leak that fills 200 ports within the horizon shows ten
 * within three minutes, and a faster one sooner.
 */
const LEAK_LEAST = 10;
/**
 * A program that starts opens some connections at once, and perhaps no more: what has opened over less than this is no stream yet. And
 * while none has ever closed, few are a pool that grows to its size, on a slow machine for some seconds.
 */
const START_SECONDS = 0.5;
const GROWING_SECONDS = 5;
const POOL_SIZE = 30;

export interface ForecastInput {
  /** Ports that can be had at all (forecastLimit). */
  limit: number;
  /** Connections that hold a port now: established and every other state but the next. */
  live: number;
  /** TIME_WAIT entries that hold a port now. What `releases` does not name is held for good. */
  waiting: number;
  /** Opens that want a port, those that were refused for want of one included. */
  openPerSec: number;
  /** Relative standard deviation of `openPerSec`; less than RATE_NOISE counts as that. 1: there is no stream to extrapolate. */
  noise?: number;
  /** From the first open of the stream to the last one; unknown: long. */
  streamSeconds?: number;
  /** Closes; unknown: lifetimes are as `lifetimeSeconds` says and nothing leaks. */
  closePerSec?: number | null;
  /** Ports that the kernel's timers give back in each second from now: [0] within the first. */
  releases: ArrayLike<number>;
  /** Mean from open to close, of those closed lately; null: not known, then closes give it; without these none is expected. */
  lifetimeSeconds: number | null;
  /** Of closes, those that leave a TIME_WAIT entry here: 0 to 1. */
  waitShare: number;
  /** How long such an entry holds its port (ReuseRule.holdMs). */
  waitSeconds: number;
  /** The previous answer for this budget was a number. */
  expected?: boolean;
}

/** Seconds until no port is left: 0 when none is now, null when that never comes or lies beyond the horizon. */
export function exhaustionSeconds(input: ForecastInput): number | null {
  const { limit, live, waiting, openPerSec, expected = false } = input;
  if (live + waiting >= limit) return 0;
  const noise = Math.max(RATE_NOISE, input.noise ?? 0);
  if (!(openPerSec > 0) || noise >= 1 || isStart(input)) return null;
  const likely = firstFull(input, openPerSec);
  if (expected) return likely ?? firstFull(input, openPerSec * (1 + noise * LEAVE_SHARE));
  return likely !== null && firstFull(input, openPerSec * (1 - noise)) !== null ? likely : null;
}

/** What has opened so far says nothing of what follows. */
function isStart({ streamSeconds, live, lifetimeSeconds, closePerSec }: ForecastInput): boolean {
  if (streamSeconds === undefined) return false;
  const mayBePool = live < POOL_SIZE && lifetimeSeconds === null && (closePerSec ?? 0) === 0;
  return streamSeconds < (mayBePool ? GROWING_SECONDS : START_SECONDS);
}

/** Follows the line from bend to bend until it meets the limit. */
function firstFull(input: ForecastInput, rate: number): number | null {
  for (const line = new Line(input, rate); line.now < HORIZON_SECONDS; line.advance()) {
    if (line.next >= input.limit) return line.now + (input.limit - line.held) / line.slope;
  }
  return null;
}

/**
 * Ports held at each second from now, the first one being now. A budget that is full stays so until ports come back: what finds none is
 * refused.
 */
export function heldOver(input: ForecastInput, seconds: number): number[] {
  const most = Math.max(input.limit, input.live + input.waiting);
  const held: number[] = [];
  const line = new Line(input, Math.max(0, input.openPerSec));
  for (let second = 0; second <= seconds; second++) {
    while (line.bend <= second && line.now < HORIZON_SECONDS) line.advance(most);
    held.push(Math.max(0, Math.min(most, line.held + line.slope * (second - line.now))));
  }
  return held;
}

/** What is held, straight from one bend to the next. */
class Line {
  now = 0;
  held: number;
  slope = 0;
  /** When it bends next. */
  bend = HORIZON_SECONDS;
  private readonly closeRate: number;
  private readonly closing: number;
  private readonly leaving: number;

  constructor(
    private readonly input: ForecastInput,
    private readonly rate: number,
  ) {
    const { closingShare, lifetime } = streamOf(input);
    this.closeRate = rate * closingShare;
    this.closing = this.closeRate > 0 ? Math.max(0, lifetime - input.live / this.closeRate) : HORIZON_SECONDS;
    this.leaving = this.closing + input.waitSeconds;
    this.held = input.live + input.waiting;
    this.turn();
  }

  /** What is held at the bend. */
  get next(): number {
    return this.held + this.slope * (this.bend - this.now);
  }

  advance(most = Number.POSITIVE_INFINITY): void {
    this.held = Math.max(0, Math.min(most, this.next));
    this.now = this.bend;
    this.turn();
  }

  private turn(): void {
    const { now, closing, leaving, closeRate } = this;
    const { releases, waitShare } = this.input;
    this.slope = this.rate;
    this.bend = HORIZON_SECONDS;
    if (now >= closing) this.slope -= closeRate * (1 - waitShare);
    if (now >= leaving) this.slope -= closeRate * waitShare;
    if (now < closing) this.bend = Math.min(this.bend, closing);
    if (now < leaving) this.bend = Math.min(this.bend, leaving);
    if (now >= releases.length) return;
    this.slope -= releases[Math.floor(now)] as number;
    this.bend = Math.min(this.bend, Math.floor(now) + 1);
  }
}

interface Stream {
  /** The part of new connections that will ever close; less than 1 is a leak. */
  closingShare: number;
  /** Seconds from open to close. */
  lifetime: number;
}

/** What the numbers of the living and of the closes say of the lifetimes that were seen. */
function streamOf({ live, openPerSec, closePerSec = null, lifetimeSeconds }: ForecastInput): Stream {
  if (lifetimeSeconds === null) return { closingShare: 1, lifetime: byCloses(live, closePerSec) };
  const seen = { closingShare: 1, lifetime: lifetimeSeconds };
  if (closePerSec === null || closePerSec > openPerSec * (1 - RATE_NOISE)) return seen;
  const explained = openPerSec * lifetimeSeconds;
  if (live <= EXPLAINED * explained) return seen;
  const least = Math.max(LEAK_LEAST, (LEAK_FACTOR - 1) * explained + LEAK_SECONDS * openPerSec);
  const leaks = live - explained > least;
  if (leaks) return { closingShare: closePerSec / openPerSec, lifetime: lifetimeSeconds };
  // No whole second with a close yet: those lifetimes are all there is to go by.
  return closePerSec > 0 ? { closingShare: 1, lifetime: byCloses(live, closePerSec) } : seen;
}

/** Little's law; where nothing closes, nothing is expected to. */
function byCloses(live: number, closePerSec: number | null): number {
  return closePerSec !== null && closePerSec > 0 ? live / closePerSec : Number.POSITIVE_INFINITY;
}
