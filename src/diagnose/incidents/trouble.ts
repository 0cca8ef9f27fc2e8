/**
 * How a subject fares: calls that fail, by whom, since when; ports that are out or about to be; how long it has been quiet. In: an
 * observation a second. Out: counts and moments, Unix ms. Time is given.
 */
import type { FailureRow } from '../../protocol/rows.js';
import { tenths } from '../words.js';
import type { Observation } from './observation.js';
import { failedBy } from './people.js';
import type { SavedIncident } from './saved.js';
import { FailureWindow, WINDOW_MS } from './window.js';

/** Between two failures: it goes on and off. */
const PAUSE_MS = 5000;
/** A failure that led to nothing is remembered for so long. */
const SLIGHT_MS = 60_000;

export class Trouble {
  private readonly window: FailureWindow;
  /** Failed calls since the incident began; before it begins, those of the window. */
  failed = 0;
  pauses = 0;
  /** Time before it, in which nobody watched, is no pause. */
  watchedFrom = 0;
  firstFailure: number | null = null;
  lastFailure: number | null = null;
  threatFrom: number | null = null;
  lastThreat: number | null = null;
  /** When ports run out, as it was forecast last; null: never. */
  forecast: { readonly seconds: number; readonly time: number } | null = null;
  /** Failed calls by who made them, before the first one of the window. */
  before: ReadonlyMap<string, number> = new Map();
  /** The rows of a second ago, which say the same; seldom asked. */
  private rows: readonly FailureRow[] | null;

  /**
   * @param past of the same subject, when that was an incident before
   * @param counted failures that are counted already; null: not known
   */
  constructor(past: Trouble | null, counted: number | null = null) {
    this.window = new FailureWindow(past === null ? counted : past.window.total);
    this.rows = past?.rows ?? null;
  }

  /** Of one that an earlier run of the service saw begin: counts of this one begin at zero. @param time Unix ms */
  static restored(saved: SavedIncident, time: number): Trouble {
    const { subject, row, pauses, lastFailure, lastThreat, forecast } = saved;
    /* The kernel's count of overflows goes on. */
    const trouble = new Trouble(null, subject.kind === 'overflow' ? null : 0);
    return Object.assign(trouble, {
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

  get isNone(): boolean {
    return this.lastFailure === null && this.threatFrom === null;
  }

  /** @param isIncident it has begun */
  observe({ rows, failed, threat, budget }: Observation, isIncident: boolean, time: number): void {
    this.count(rows, failed, isIncident, time);
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

  private count(rows: readonly FailureRow[], failed: number, isIncident: boolean, time: number): void {
    const grown = this.window.add(failed, lately(rows, time), time);
    if (grown > 0) {
      const isFirst = !isIncident && this.recent === grown;
      if (isFirst) this.before = countsOf(this.rows ?? rows.filter((row) => !isFresh(row, time)));
      if (isFirst) this.firstFailure = firstOf(rows, time);
      if (!isFirst && this.lastFailure !== null && time - this.quietFrom > PAUSE_MS) this.pauses += 1;
      this.lastFailure = lastOf(rows, time);
    }
    this.failed = isIncident ? this.failed + grown : this.recent;
    this.rows = rows;
    if (!isIncident && time - (this.lastFailure ?? time) > SLIGHT_MS) this.lastFailure = null;
  }
}

const isFresh = ({ firstSeen }: FailureRow, time: number) => time - (firstSeen ?? 0) < WINDOW_MS;

/** Failures of the last ten seconds, as far as rows say it that are seen for the first time. */
function lately(rows: readonly FailureRow[], time: number): number {
  return rows.reduce((sum, row) => sum + (isFresh(row, time) ? row.count : recent(row, time)), 0);
}

function recent({ lastSeen, perSec, count }: FailureRow, time: number): number {
  return time - (lastSeen ?? 0) < WINDOW_MS
    ? Math.min(count, Math.round((perSec ?? 0) * (WINDOW_MS / 1000)))
    : 0;
}

function firstOf(rows: readonly FailureRow[], time: number): number {
  let first = time;
  for (const row of rows) if (isFresh(row, time)) first = Math.min(first, row.firstSeen ?? time);
  return first;
}

function lastOf(rows: readonly FailureRow[], time: number): number {
  if (rows.length === 0) return time;
  let last = 0;
  for (const { lastSeen } of rows) last = Math.max(last, lastSeen ?? 0);
  return last;
}

function countsOf(rows: readonly FailureRow[]): Map<string, number> {
  return new Map([...failedBy(rows)].map(([key, { failed }]) => [key, failed]));
}
