/**
 * How a subject fares: calls that fail, by whom, since when; ports that are out or about to be; how long it has been quiet. In: an
 * observation a second. Out: counts and moments, Unix ms. Time is given.
 */
import type { FailureRow } from '../../protocol/rows.js';
import { tenths } from '../words.js';
import { Tally } from './counts/tally.js';
import { FailureWindow, type Grown } from './counts/window.js';
import type { Observation } from './observation.js';
import type { SavedIncident } from './saved.js';

/** Between two failures: it goes on and off. */
const PAUSE_MS = 5000;
/** A failure that led to nothing is remembered for so long. */
const SLIGHT_MS = 60_000;

export class Trouble {
  private readonly window = new FailureWindow();
  /** Of these, those that rows count; empty before it begins. */
  readonly tally = new Tally();
  /** Failed calls since the incident began; before it begins, those of the window. */
  failed = 0;
  pauses = 0;
  /** Time before it, in which nobody watched, is no pause. */
  watchedFrom = 0;
  lastFailure: number | null = null;
  threatFrom: number | null = null;
  lastThreat: number | null = null;
  /** When ports run out, as it was forecast last; null: never. */
  forecast: { readonly seconds: number; readonly time: number } | null = null;

  /** Of one that an earlier run of the service saw begin. @param time Unix ms */
  static restored(saved: SavedIncident, time: number): Trouble {
    const { row, pauses, lastFailure, lastThreat, forecast } = saved;
    return Object.assign(new Trouble(), {
      failed: row.failed,
      pauses,
      lastFailure,
      lastThreat,
      forecast,
      watchedFrom: time,
    });
  }

  /** Within the last ten seconds. */
  get recent(): number {
    return this.window.failed;
  }

  /** The first failure of the last ten seconds, Unix ms; null: there is none. */
  get firstFailure(): number | null {
    return this.window.first;
  }

  get isNone(): boolean {
    return this.lastFailure === null && this.threatFrom === null;
  }

  /** An incident begins with what failed within the window. */
  begin(): void {
    this.tally.add(this.window.fresh);
  }

  /** @param isIncident it has begun */
  observe({ fresh, failed, threat, budget }: Observation, isIncident: boolean, time: number): void {
    this.count(fresh, failed, isIncident, time);
    if (threat === null) this.threatFrom = null;
    else {
      this.threatFrom ??= time;
      this.lastThreat = time;
      const seconds = budget?.exhaustionSeconds ?? null;
      if (seconds !== null) this.forecast = { seconds, time };
    }
  }

  /** As the rows say it: a program that has just begun to fail has its rate at once. */
  perSecond(rows: readonly FailureRow[]): number {
    if (this.recent === 0) return 0;
    const perSec = rows.reduce((sum, row) => sum + (row.perSec ?? 0), 0);
    return tenths(rows.length === 0 ? this.window.perSecond : perSec);
  }

  /** @param since when it began */
  last(since: number): number {
    return Math.max(since, this.lastFailure ?? 0, this.lastThreat ?? 0);
  }

  private get quietFrom(): number {
    return Math.max(this.lastFailure ?? 0, this.watchedFrom);
  }

  private count(fresh: readonly Grown[], failed: number, isIncident: boolean, time: number): void {
    this.window.add(fresh, failed, time);
    if (failed > 0) {
      const isFirst = !isIncident && this.recent === failed;
      if (!isFirst && this.lastFailure !== null && time - this.quietFrom > PAUSE_MS) this.pauses += 1;
      this.lastFailure = lastOf(fresh, time);
    }
    if (isIncident) this.tally.add(fresh);
    this.failed = isIncident ? this.failed + failed : this.recent;
    if (!isIncident && time - (this.lastFailure ?? time) > SLIGHT_MS) this.lastFailure = null;
  }
}

function lastOf(fresh: readonly Grown[], time: number): number {
  if (fresh.length === 0) return time;
  let last = 0;
  for (const { row } of fresh) last = Math.max(last, row.lastSeen ?? 0);
  return last;
}
