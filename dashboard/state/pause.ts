/**
 * A pause: what was on screen when it began, and what has gone on since. In: states. Out: the words that say so. Pure.
 */
import type { Replica } from '../../src/client/replica.js';
import { integer } from '../text/format.js';

export interface Pause {
  /** Unix ms by this machine's clock. */
  since: number;
  /** What the tables go on showing. */
  state: Replica;
}

/** All failures the service knows of, also those that the table's limit hides; null before it has said. */
function failuresOf({ tables }: Replica): number | null {
  const { rows, other, shown } = tables.failures;
  if (shown === null) return null;
  return [...rows.values()].reduce((sum, { count }) => sum + count, other?.count ?? 0);
}

/** Since the pause began; null: not known, as after a restart of the service. */
export function newFailures({ state }: Pause, live: Replica): number | null {
  if (state.hello?.epoch !== live.hello?.epoch) return null;
  const [before, now] = [failuresOf(state), failuresOf(live)];
  return before === null || now === null ? null : Math.max(0, now - before);
}

/** `PAUSED 0:42 · live data continues · 3 new failures` */
export function pauseWords(pause: Pause, live: Replica, now: number, old: boolean): string {
  const whole = Math.max(0, Math.floor((now - pause.since) / 1000));
  const clock = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  const failed = newFailures(pause, live);
  const failures = failed === null ? [] : [`${integer(failed)} new ${failed === 1 ? 'failure' : 'failures'}`];
  return [`PAUSED ${clock}`, old ? 'no live data either' : 'live data continues', ...failures].join(' · ');
}
