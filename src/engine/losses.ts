/**
 * Events that were lost, from the kernel's counters and from what the audits found. In: counters. Out: the numbers by reason that
 * rows, /healthz and metrics show, and when they last grew.
 */
import type { TracerStats } from '../capture/native.js';
import type { Lost } from '../protocol/rows.js';

/**
 * Each event counts for one reason. One that the ring had no room for counts for it while the overflow counters have it; else there
 * was no place for it at all. Gaps in a socket's states and closes that an audit found are what the kernel did not show.
 */
export function lossesOf(stats: TracerStats, unseenCloses: number): Lost {
  const ring = Math.max(0, stats.ringLost - stats.overflowFull);
  const recursion = stats.gaps + unseenCloses;
  const storage = stats.overflowFull + stats.storageFailures;
  return { ring, recursion, storage, total: ring + recursion + storage };
}

/** What was lost since the last note. */
export type Fresh = Pick<Lost, 'ring' | 'storage'>;

/** When the ring last lost something, and when anything else was last lost: CLOCK_MONOTONIC ms, null: never. */
export class LossTimes {
  lostAt: number | null = null;
  missedAt: number | null = null;
  private before: Lost = { ring: 0, recursion: 0, storage: 0, total: 0 };

  note(lost: Lost, nowMs: number): Fresh {
    const grown = (reason: 'ring' | 'recursion' | 'storage') => lost[reason] - this.before[reason];
    const fresh = { ring: grown('ring'), storage: grown('storage') };
    if (fresh.ring > 0) this.lostAt = nowMs;
    if (grown('recursion') > 0 || fresh.storage > 0) this.missedAt = nowMs;
    this.before = lost;
    return fresh;
  }
}
