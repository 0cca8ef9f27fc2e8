/**
 * How fast counters grow, over the last ten seconds. An actor's rows come, fold and go, but its sums only grow: differences
 * of sums are right where a sum of its rows' own rates, each over that row's short life, would not be. Keeps samples; the
 * time is given. Called by diagnosis.ts.
 */
import type { Actor } from './types.js';

const WINDOW_MS = 10_000;
/** Younger than this at its first sample is new. */
const NEWBORN_MS = 3000;
/** A burst of milliseconds is told as that many in a second. */
const LEAST_MS = 1000;

interface Sample {
  time: number;
  values: readonly number[];
}

export class Growth {
  private samples = new Map<string, Sample[]>();

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
    const before = this.samples.get(key) ?? [];
    const known = (before.at(-1)?.time ?? 0) > time ? [] : before; // the clock was set back
    if (known.length === 0 && time - born < NEWBORN_MS)
      known.push({ time: Math.min(born, time - LEAST_MS), values: values.map(() => 0) });
    while (known.length > 1 && time - (known[1] as Sample).time >= WINDOW_MS) known.shift();
    const [oldest] = known;
    known.push({ time, values });
    this.samples.set(key, known);
    if (oldest === undefined || time <= oldest.time) return null;
    const seconds = (time - oldest.time) / 1000;
    return values.map((value, i) => Math.max(0, value - (oldest.values[i] as number)) / seconds);
  }

  /** How many of the samples of the last ten seconds found the first value grown. */
  grew(key: string): number {
    const samples = this.samples.get(key) ?? [];
    const first = ({ values }: Sample) => values[0] ?? 0;
    return samples.filter((sample, i) => i > 0 && first(sample) > first(samples[i - 1] as Sample)).length;
  }

  /** Forgets what was not sampled at `time`. */
  prune(time: number): void {
    for (const [key, samples] of this.samples) if (samples.at(-1)?.time !== time) this.samples.delete(key);
  }
}

/** Fills the rates of actors. */
export function fillRates(growth: Growth, actors: readonly Actor[], time: number): void {
  for (const actor of actors) {
    const grown = growth.perSecond(
      actor.key,
      [actor.opened, actor.closed, actor.closedFirst],
      time,
      actor.firstSeen,
    );
    const [opened = 0, closed = 0, first = 0] = grown ?? [];
    actor.openPerSec = opened;
    actor.busySeconds = growth.grew(actor.key);
    actor.firstShare = closed > 0 ? Math.min(1, first / closed) : null;
  }
}
