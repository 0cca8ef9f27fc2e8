/**
 * Events that were lost or missed, from the kernel's counters and from what the audits found. In: counters. Out: the numbers that
 * rows, /healthz and metrics show, and when they last grew.
 */
import type { TracerStats } from '../capture/native.js';

export interface Losses {
  /** Events that the ring had no room for: the overflow counters keep the counts exact. */
  ring: number;
  /** Transitions for which the kernel did not run the program: gaps in a socket's states, closes that an audit found. */
  hidden: number;
  /** Events that nothing counted, or that were counted without their details: `hidden`, and what there was no memory for. */
  missed: number;
}

export function lossesOf(stats: TracerStats, unseenCloses: number): Losses {
  const hidden = stats.gaps + unseenCloses;
  return { ring: stats.ringLost, hidden, missed: hidden + stats.overflowFull + stats.storageFailures };
}

/** When something was last lost, and when last missed: CLOCK_MONOTONIC ms, null: never. */
export class LossTimes {
  lostAt: number | null = null;
  missedAt: number | null = null;
  private lost = 0;
  private missed = 0;

  /** Returns how many events the ring has lost since it was last called. */
  note({ ring, missed }: Losses, nowMs: number): number {
    const fresh = ring - this.lost;
    if (fresh > 0) this.lostAt = nowMs;
    if (missed > this.missed) this.missedAt = nowMs;
    this.lost = ring;
    this.missed = missed;
    return fresh;
  }
}
