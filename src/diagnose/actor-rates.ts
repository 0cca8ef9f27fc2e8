/**
 * How fast counters grow, over the last ten seconds. An actor's rows come, are rolled up and go, but its sums only grow:
 * differences of sums are right where a sum of its rows' own rates, each over that row's short life, would not be.
 * Keeps samples; the time is given.
 */
import type { Actor } from './types.js';

const WINDOW_MS = 10_000;
/** Younger than this at its first sample is new. */
const NEWBORN_MS = 3000;
/** A burst of milliseconds counts as that many in a second. */
const LEAST_MS = 1000;

export class Growth {
  /** Of each key, oldest first, a sample's time and its values in a row: thousands of actors have ten samples each. */
  private readonly samples = new Map<string, number[]>();
  private readonly width: number;

  /** @param counters values of a sample */
  constructor(counters: number) {
    this.width = 1 + counters;
  }

  /**
   * Growth of each value per second since the oldest sample; null at the first, unless what it counts was born just now:
   * that grew from nothing. Call once per key and time.
   */
  perSecond(
    key: string,
    values: readonly number[],
    time: number,
    born = Number.NEGATIVE_INFINITY,
  ): number[] | null {
    const { width } = this;
    const known = this.upTo(time, key);
    if (known.length === 0 && time - born < NEWBORN_MS)
      known.push(Math.min(born, time - LEAST_MS), ...values.map(() => 0));
    while (known.length > width && time - (known[width] as number) >= WINDOW_MS) known.splice(0, width);
    known.push(time, ...values);
    const seconds = (time - (known[0] as number)) / 1000;
    if (known.length === width || seconds <= 0) return null;
    return values.map((value, i) => Math.max(0, value - (known[i + 1] as number)) / seconds);
  }

  /** How many of the samples of the last ten seconds found the first value grown. */
  grew(key: string): number {
    const { width } = this;
    const known = this.samples.get(key) ?? [];
    let times = 0;
    for (let at = width + 1; at < known.length; at += width)
      if ((known[at] as number) > (known[at - width] as number)) times += 1;
    return times;
  }

  /** Forgets what was not sampled at `time`. */
  prune(time: number): void {
    for (const [key, known] of this.samples) if (known.at(-this.width) !== time) this.samples.delete(key);
  }

  /** The samples of a key; none when the clock was set back since. */
  private upTo(time: number, key: string): number[] {
    const before = this.samples.get(key);
    if (before !== undefined && (before.at(-this.width) ?? 0) <= time) return before;
    const none: number[] = [];
    this.samples.set(key, none);
    return none;
  }
}

/** Fills the rates of actors. */
export function fillRates(growth: Growth, actors: readonly Actor[], time: number): void {
  for (const actor of actors) {
    const grown = growth.perSecond(
      actor.key,
      [actor.opened, actor.closed, actor.closedFirst, actor.slowConnects],
      time,
      actor.firstSeen,
    );
    const [opened = 0, closed = 0, first = 0, slow = 0] = grown ?? [];
    actor.openPerSec = opened;
    actor.slowPerSec = slow;
    actor.busySeconds = growth.grew(actor.key);
    actor.firstShare = closed > 0 ? Math.min(1, first / closed) : shareSoFar(actor);
  }
}

/** A program that finds no port closes nothing for a minute: what it did before says how it closes. */
function shareSoFar({ closed, closedFirst }: Actor): number | null {
  return closed > 0 ? Math.min(1, closedFirst / closed) : null;
}
