/**
 * The last fifteen minutes at one second, of the totals and of the busiest budgets, so that a page opened in
 * mid-incident is not empty. In: samples once a second, annotations. Out: the body of GET /api/v1/history. No clock, no
 * I/O.
 *
 * Memory: a series has 25 KB, 3.6 KB per errno that occurs, at most nine, and 1.8 KB per program that holds ports, at most eight: 72 KB.
 * With 256 budgets and the totals that is 6.5 MB with neither and 18.5 MB at most; series of evicted budgets are used again.
 *
 * Slots go by CLOCK_MONOTONIC, and Unix times are made when asked for, by the offset last seen: a step of the wall clock
 * moves all times together and tears no column.
 */
import type {
  Annotation,
  AnnotationKind,
  AnnotationSubject,
  HistoryBody,
  NoteOf,
} from '../../protocol/history.js';
import { HISTORY_SECONDS } from '../../protocol/names.js';
import { Annotations, type Note, type Shows } from './annotations.js';
import { type ColumnName, heldBy, type Interval, type OwnerColumn, type Sample, Series } from './series.js';

export type { Sample } from './series.js';

export interface BudgetSample extends Sample {
  /** The budget row's key. */
  key: string;
}

export interface Moment {
  /** CLOCK_MONOTONIC, milliseconds. */
  ms: number;
  unixMs: number;
}

const DEFAULT_BUDGETS = 256;
/** Seconds without an open or a failure after which a budget gives its place to any other. */
const IDLE_SECONDS = 60;
/** A budget this many times as full as the emptiest takes its place, though that one is busy. */
const FULLER = 2;
/** A call sooner than this after the last, ms, is left out: its counts come with the next. */
const MIN_INTERVAL_MS = 500;
/** A call later than this after the last, ms, leaves a gap; an earlier one only fell into another second. */
const MAX_INTERVAL_MS = 1500;
const ALL: Shows = () => true;
const NONE: NoteOf = () => null;

export class History {
  /** Budgets that found no place when they were last offered. */
  unrecorded = 0;
  private readonly totals = new Series('', true);
  private readonly nothing = new Series('', false);
  private readonly budgets = new Map<string, Series>();
  private readonly annotations = new Annotations();
  private hasEvicted = false;
  /** Who goes next; found at most once per call and eviction, since thousands may ask in vain. */
  private weakest: Series | null = null;
  private last: number;
  private unixMsAtZero: number;

  /** @param start when the counters were 0 */
  constructor(
    start: Moment,
    private readonly maxBudgets = DEFAULT_BUDGETS,
  ) {
    this.last = start.ms;
    this.unixMsAtZero = start.unixMs - start.ms;
  }

  /** Called once a second. A second without a call, or a budget without a sample, is a gap. */
  record(now: Moment, totals: Sample, budgets: Iterable<BudgetSample>): void {
    const interval = this.intervalTo(now.ms);
    if (interval === null) return;
    this.last = now.ms;
    this.unixMsAtZero = now.unixMs - now.ms;
    this.totals.write(totals, interval);
    this.unrecorded = 0;
    this.weakest = null;
    for (const sample of budgets) this.seriesOf(sample, interval.last)?.write(sample, interval);
  }

  /** @param budget key of the one budget that it concerns, or a namespace's beginning of keys, `key/`; null: all */
  annotate(
    ms: number,
    kind: AnnotationKind,
    text: string,
    budget: string | null = null,
    subject: AnnotationSubject | null = null,
  ): void {
    this.annotations.add({ ms, kind, text, budget, subject });
  }

  /** The last `seconds` seconds, up to the newest recorded; null: that budget has not been recorded in this time. */
  body(budget: string | null, seconds: number, shows = ALL, incidentOf = NONE): HistoryBody | null {
    const series = budget === null ? this.totals : this.budgets.get(budget);
    const oldest = Math.floor(this.last / 1000) - HISTORY_SECONDS;
    if (series === undefined || (budget !== null && series.lastRecorded <= oldest)) return null;
    return this.bodyOf(series, budget, seconds, { shows, incidentOf });
  }

  /** Of a budget that exists and was not recorded: it is new, or found no place. */
  unrecordedBody(budget: string, seconds: number, shows = ALL, incidentOf = NONE): HistoryBody {
    return this.bodyOf(this.nothing, budget, seconds, { shows, incidentOf });
  }

  private bodyOf(series: Series, budget: string | null, seconds: number, asked: Asked): HistoryBody {
    const newest = Math.floor(this.last / 1000);
    const first = newest - seconds + 1;
    const notes = this.annotations.between(first * 1000, (newest + 1) * 1000, budget, asked.shows);
    const unixMs = (ms: number) => Math.round(ms + this.unixMsAtZero);
    const column = (name: ColumnName) => series.column(name, first, seconds);
    return {
      budget,
      from: unixMs(first * 1000),
      stepMs: 1000,
      seconds,
      limit: column('limit'),
      timeWait: column('timeWait'),
      established: column('established'),
      other: column('other'),
      blocked: column('blocked'),
      opensPerSec: column('opensPerSec'),
      failuresPerSec: series.failureColumns(first, seconds),
      ...(budget === null ? {} : { owners: ownersOf(series.ownerColumns(first, seconds), asked.shows) }),
      annotations: notes.map((note) => annotationOf(note, unixMs(note.ms), asked.incidentOf)),
    };
  }

  private intervalTo(ms: number): Interval | null {
    const elapsed = ms - this.last;
    if (elapsed < MIN_INTERVAL_MS) return null;
    const last = Math.floor(ms / 1000);
    const next = Math.floor(this.last / 1000) + 1;
    return { first: elapsed < MAX_INTERVAL_MS ? Math.min(last, next) : last, last, seconds: elapsed / 1000 };
  }

  /** Undefined: there is no place for it. */
  private seriesOf(sample: BudgetSample, second: number): Series | undefined {
    const known = this.budgets.get(sample.key);
    if (known !== undefined) return known;
    const isRoom = this.budgets.size < this.maxBudgets;
    const series = isRoom ? new Series(sample.key, !this.hasEvicted) : this.evictFor(sample, second);
    if (series === null) {
      this.unrecorded += 1;
      return undefined;
    }
    series.lastActive = second;
    series.held = heldBy(sample);
    this.budgets.set(sample.key, series);
    return series;
  }

  /**
   * From now on a budget that seems new may only be back, its counters far from 0: its first sample gives no rate.
   */
  private evictFor(sample: BudgetSample, second: number): Series | null {
    this.weakest ??= this.findWeakest(second);
    const series = this.weakest;
    if (!isIdle(series, second) && heldBy(sample) < FULLER * Math.max(1, series.held)) return null;
    this.weakest = null;
    this.hasEvicted = true;
    this.budgets.delete(series.key);
    series.reuse(sample.key);
    return series;
  }

  /** The one that has been idle for longest, or when all are busy, the emptiest. */
  private findWeakest(second: number): Series {
    const all = [...this.budgets.values()];
    const quietest = all.reduce((least, next) => (next.lastActive < least.lastActive ? next : least));
    if (isIdle(quietest, second)) return quietest;
    return all.reduce((least, next) => (next.held < least.held ? next : least));
  }
}

/** What is asked of annotations. */
interface Asked {
  readonly shows: Shows;
  readonly incidentOf: NoteOf;
}

function annotationOf({ kind, text, budget, subject }: Note, time: number, incidentOf: NoteOf): Annotation {
  const netnsId = subject?.netnsId ?? null;
  return { time, kind, text, incident: incidentOf(time, budget, subject), netnsId };
}

/** Those that are shown; ports of the others are what is left of the whole. */
function ownersOf(columns: readonly OwnerColumn[], shows: Shows): NonNullable<HistoryBody['owners']> {
  return columns
    .filter(({ about }) => shows(about))
    .map(({ program, held }) => ({ program: program === '' ? null : program, held }));
}

function isIdle(series: Series, second: number): boolean {
  return second - series.lastActive > IDLE_SECONDS;
}
