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
  if (!(openPerSec > 0) || noise >= 1) return null;
  const likely = firstFull(input, openPerSec);
  if (expected) return likely ?? firstFull(input, openPerSec * (1 + noise * LEAVE_SHARE));
  return likely !== null && firstFull(input, openPerSec * (1 - noise)) !== null ? likely : null;
}

/** Follows the line from bend to bend until it meets the limit. */
function firstFull(input: ForecastInput, rate: number): number | null {
  const { limit, releases, waitShare, waitSeconds } = input;
  const { closingShare, lifetime } = streamOf(input);
  const closeRate = rate * closingShare;
  const closing = closeRate > 0 ? Math.max(0, lifetime - input.live / closeRate) : HORIZON_SECONDS;
  const leaving = closing + waitSeconds;
  let held = input.live + input.waiting;
  for (let now = 0; now < HORIZON_SECONDS; ) {
    let slope = rate;
    if (now >= closing) slope -= closeRate * (1 - waitShare);
    if (now >= leaving) slope -= closeRate * waitShare;
    let bend = HORIZON_SECONDS;
    if (now < closing) bend = Math.min(bend, closing);
    if (now < leaving) bend = Math.min(bend, leaving);
    if (now < releases.length) {
      slope -= releases[Math.floor(now)] as number;
      bend = Math.min(bend, Math.floor(now) + 1);
    }
    const next = held + slope * (bend - now);
    if (next >= limit) return now + (limit - held) / slope;
    held = next;
    now = bend;
  }
  return null;
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
