/**
 * One subject over time: when it is an incident, eases, is over. In: an observation a second. Out: the incident's row; none before it
 * begins. Time is given.
 */
import { fullness } from '../../forecast/outlook.js';
import type {
  BudgetRow,
  Change,
  FailureRow,
  IncidentRow,
  IncidentState,
  Severity,
} from '../../protocol/rows.js';
import type { Tables } from '../types.js';
import { begun, type Course, judged, MOST_CHANGES, restarted } from './changes.js';
import type { Observation, Subject } from './observation.js';
import { culpritsOf, failedBy, victimsOf } from './people.js';
import { StableText } from './stable-text.js';
import { titleOf } from './titles.js';
import { FailureWindow, WINDOW_MS } from './window.js';

/** Fewer within the window are no incident. */
const LEAST_FAILURES = 5;
/** A threat is believed when it has lasted this long, ms. */
const THREAT_MS = 1500;
/** Without trouble for this long it eases, and for that long it is over. */
const EASES_MS = 10_000;
const OVER_MS = 60_000;
/** Between two failures: it goes on and off. */
const PAUSE_MS = 5000;
/** It is not over while this share of the ports is held. */
const FULL = 0.8;

/** What stays the same while an incident lasts. */
interface Begin {
  readonly key: string;
  readonly since: number;
  /** Failed calls counted before it, in all and by who made them. */
  readonly before: ReadonlyMap<string, number>;
}

/** What a sentence about it is made of. */
export interface Account {
  readonly row: IncidentRow;
  readonly budget: BudgetRow | null;
  /** Since the start of the service. */
  readonly failures: readonly FailureRow[];
  /** Nothing failed for a while, and then calls failed again. */
  readonly isOnAndOff: boolean;
  /** When ports run out, as it was forecast last; null: never. `time` in Unix ms. */
  readonly forecast: { readonly seconds: number; readonly time: number } | null;
}

export class Incident {
  private readonly window: FailureWindow;
  private readonly title = new StableText();
  private begin: Begin | null = null;
  private pauses = 0;
  private forecast: Account['forecast'] = null;
  private failed = 0;
  private firstFailure: number | null = null;
  private lastFailure: number | null = null;
  private threatFrom: number | null = null;
  private lastThreat: number | null = null;
  /** Failed calls by who made them: a second ago, and before the first one of the window. */
  private counts: ReadonlyMap<string, number> | null = null;
  private before: ReadonlyMap<string, number> = new Map();
  private changes: Change[] = [];
  private worst: Severity = 'warning';
  private observation: Observation;
  /** Null: it is none yet. */
  row: IncidentRow | null = null;

  constructor(
    readonly subject: Subject,
    first: Observation,
    before: Incident | null = null,
  ) {
    this.observation = first;
    this.window = new FailureWindow(before?.window.total);
    this.counts = before?.counts ?? null;
  }

  /** The same subject, after it was an incident. */
  renewed(): Incident {
    return new Incident(this.subject, { ...this.observation, threat: null }, this);
  }

  get budgetKey(): string | null {
    return this.observation.budget?.key ?? this.row?.budget ?? null;
  }

  /** It goes on, or may begin again. */
  /** What the verdict says of it; null: it is none. */
  get account(): Account | null {
    const { row, observation, pauses, forecast } = this;
    if (row === null) return null;
    return { row, budget: observation.budget, failures: observation.rows, isOnAndOff: pauses > 0, forecast };
  }

  /** Failures of it, too few for an incident. */
  get isSlight(): boolean {
    return this.row === null && this.lastFailure !== null;
  }

  get lasts(): boolean {
    return this.row !== null && this.row.state !== 'over';
  }

  /** Nothing to remember of it. */
  get isIdle(): boolean {
    return this.begin === null && this.lastFailure === null && this.threatFrom === null;
  }

  /**
   * @param seen null: nothing fails or threatens now
   * @param budget its budget's row then; null: it has none any more
   */
  observe(seen: Observation | null, budget: BudgetRow | null, tables: Tables): void {
    if (this.row?.state === 'over') return;
    const { time } = tables;
    this.observation = seen ?? { ...this.observation, budget, threat: null };
    this.count(time);
    this.watchThreat(time);
    if (this.begin === null && this.hasBegun(time)) this.open(time);
    if (this.begin !== null) this.row = this.rowAt(this.begin, tables);
  }

  /** Something was changed in its namespace. */
  noteChange(text: string, time: number): void {
    if (!this.lasts || this.changes.some((known) => known.text === text && known.worked === null)) return;
    this.changes = [...this.changes, begun(text, this.course(time))].slice(-MOST_CHANGES);
  }

  private count(time: number): void {
    const { rows, failed } = this.observation;
    const grown = this.window.add(failed, lately(rows, time), time);
    const counts = countsOf(rows);
    if (grown > 0) {
      const isFirst = this.begin === null && this.window.failed === grown;
      if (isFirst) this.before = this.counts ?? countsOf(rows.filter((row) => !isFresh(row, time)));
      if (isFirst) this.firstFailure = firstOf(rows, time);
      if (this.begin !== null) this.failed += grown;
      if (this.lastFailure !== null && time - this.lastFailure > PAUSE_MS && !isFirst) this.pauses += 1;
      this.lastFailure = rows.length === 0 ? time : Math.max(...rows.map(({ lastSeen }) => lastSeen ?? 0));
    }
    this.counts = counts;
    if (this.begin === null && time - (this.lastFailure ?? time) > OVER_MS) this.lastFailure = null;
  }

  private watchThreat(time: number): void {
    if (this.observation.threat === null) this.threatFrom = null;
    else {
      this.threatFrom ??= time;
      this.lastThreat = time;
      const seconds = this.observation.budget?.exhaustionSeconds ?? null;
      if (seconds !== null) this.forecast = { seconds, time };
    }
  }

  private hasBegun(time: number): boolean {
    const { failed } = this.window;
    if (failed >= LEAST_FAILURES || (failed > 0 && this.observation.threat === 'out')) return true;
    return this.threatFrom !== null && time - this.threatFrom >= THREAT_MS;
  }

  private open(time: number): void {
    const since = Math.round(Math.min(this.firstFailure ?? time, this.threatFrom ?? time));
    this.failed = this.window.failed;
    this.begin = { key: `${this.subject.id}@${since}`, since, before: this.before };
  }

  private course(time: number): Course {
    const { lastFailure, lastThreat } = this;
    return { time, failPerSec: this.failPerSec(), lastFailure, lastThreat };
  }

  /** As the rows say it: a program that has just begun to fail has its rate at once. */
  private failPerSec(): number {
    const { rows } = this.observation;
    if (this.window.failed === 0) return 0;
    const perSec = rows.reduce((sum, row) => sum + (row.perSec ?? 0), 0);
    return Math.round((rows.length === 0 ? this.window.perSecond : perSec) * 10) / 10;
  }

  private stateAt(begin: Begin, time: number): IncidentState {
    const { budget } = this.observation;
    const quietMs = time - this.lastTrouble(begin);
    const isFull = budget !== null && (fullness(budget) ?? 0) >= FULL;
    if (quietMs >= OVER_MS && !isFull) return 'over';
    return quietMs >= EASES_MS ? 'easing' : 'open';
  }

  private severityNow(): Severity {
    const { kind } = this.subject;
    const isPorts = kind === 'ports' || kind === 'bind-pool';
    return isPorts && (this.window.failed > 0 || this.observation.threat === 'out') ? 'critical' : 'warning';
  }

  private rowAt(begin: Begin, tables: Tables): IncidentRow {
    const { time } = tables;
    this.noteRestart(tables);
    this.changes = this.changes.map((change) => judged(change, this.course(time)));
    if (this.severityNow() === 'critical') this.worst = 'critical';
    const state = this.stateAt(begin, time);
    const { netns, netnsId, kind, destination } = this.subject;
    const untitled = {
      key: begin.key,
      kind,
      netns,
      netnsId,
      name: tables.totals.find((row) => row.netnsId === netnsId)?.name ?? this.row?.name ?? null,
      severity: state === 'open' ? this.severityNow() : this.worst,
      state,
      since: begin.since,
      until: state === 'open' ? null : Math.round(this.lastTrouble(begin)),
      budget: this.budgetKey,
      destination,
      ...this.rates(),
      failed: this.failed,
      ...this.people(begin, tables),
      findings: [],
      changes: this.changes,
      lowerBound: this.observation.rows.some(({ lowerBound }) => lowerBound),
    };
    return { ...untitled, title: this.titleFor(untitled, time) };
  }

  private rates() {
    const { budget } = this.observation;
    return {
      demandPerSec: budget?.demandPerSec ?? null,
      sustainablePerSec: budget?.sustainablePerSec ?? null,
      exhaustionSeconds: budget?.exhaustionSeconds ?? null,
      failPerSec: this.failPerSec(),
    };
  }

  /** Culprits that hold nothing any more stay named. */
  private people({ before }: Begin, { actors }: Tables): Pick<IncidentRow, 'culprits' | 'victims'> {
    const { budget, rows } = this.observation;
    const culprits = budget === null ? [] : culpritsOf(budget, actors);
    return {
      culprits: culprits.length > 0 ? culprits : (this.row?.culprits ?? []),
      victims: rows.length > 0 ? victimsOf(rows, before) : (this.row?.victims ?? []),
    };
  }

  /** Of one that eases: what it was. */
  private titleFor(untitled: Omit<IncidentRow, 'title'>, time: number): string {
    if (untitled.state !== 'open' && this.row !== null) return this.row.title;
    const number = untitled.failPerSec || (untitled.demandPerSec ?? 0);
    return this.title.next(untitled.severity, number, titleOf(untitled, this.observation.budget), time);
  }

  private lastTrouble({ since }: Begin): number {
    return Math.max(since, this.lastFailure ?? 0, this.lastThreat ?? 0);
  }

  private noteRestart({ actors, time }: Tables): void {
    const [first] = this.row?.culprits ?? [];
    const next = first === undefined ? null : restarted(first, actors, this.subject.netnsId);
    if (first === undefined || next === null) return;
    const text = `${next.process.name} started again: pid ${first.process.pid} → ${next.process.pid}`;
    if (!this.changes.some((known) => known.text === text)) this.noteChange(text, time);
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
  return Math.min(
    time,
    ...rows.filter((row) => isFresh(row, time)).map(({ firstSeen }) => firstSeen ?? time),
  );
}

function countsOf(rows: readonly FailureRow[]): Map<string, number> {
  return new Map([...failedBy(rows)].map(([key, { failed }]) => [key, failed]));
}
