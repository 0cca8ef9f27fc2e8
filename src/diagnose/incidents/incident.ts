/**
 * One subject over time: when it is an incident, eases, is over. In: an observation a second. Out: the incident's row; none before it
 * begins. Time is given.
 */

import { isPorts } from '../../forecast/harm.js';
import { fullness } from '../../forecast/outlook.js';
import { choosesByBind } from '../../forecast/reuse.js';
import type {
  BudgetRow,
  Change,
  FailureRow,
  IncidentKind,
  IncidentRow,
  IncidentState,
  Severity,
  Victim,
} from '../../protocol/rows.js';
import { heldBy } from '../remedies/holding.js';
import type { Actor, Facts, Tables } from '../types.js';
import type { ActorIndex } from './actor-index.js';
import {
  begun,
  type Case,
  type Course,
  closed,
  ended,
  judged,
  MOST_CHANGES,
  restarted,
  type Scale,
  superseded,
  together,
  undone,
} from './changes.js';
import type { Observation, Subject } from './observation.js';
import { culpritsOf, knowsMore, mostFailing, victimsOf } from './people.js';
import type { SavedIncident } from './saved.js';
import { StableText } from './stable-text.js';
import { numbersOf, titleOf } from './titles.js';
import { Trouble } from './trouble.js';

/** Fewer within the window are no incident. */
const LEAST_FAILURES = 5;
/** That ports are out is believed when it has lasted this long, ms; a forecast after longer, and more while most ports are free. */
const OUT_MS = 1500;
const SOON_MS = 3500;
const FILLING_MS = 5000;
/** And while all that holds ports stays open: a pool may grow to its size. */
const GROWING_MS = 30_000;
const HALF = 0.5;
/** Of the ports that are held, the share in TIME_WAIT below which they stay open. */
const FEW = 0.1;
/** Without trouble for this long it eases, and for that long it is over. */
const EASES_MS = 10_000;
const OVER_MS = 60_000;
/** By then what an earlier run knew and this one does not has left TIME_WAIT, ms. */
const LEARNT_MS = 75_000;
/** Victims of one incident that a restart keeps. */
const MOST_SAVED = 100;
/** Of what could not be had before, when it is tried on. */
const ENOUGH = 0.9;
/** It is not over while this share of the ports is held. */
const FULL = 0.8;

/** What stays the same while an incident lasts. */
interface Begin {
  readonly key: string;
  readonly since: number;
  /** By keys of `failedBy`, what an earlier run of the service has counted; since when this one watches, Unix ms. */
  readonly saved: ReadonlyMap<string, Victim>;
  readonly watchedFrom: number;
  /** Since when this run goes on with one of an earlier run, Unix ms; null: it began in this run. */
  readonly restored: number | null;
}

/** What there is in one second, for all incidents. */
export interface Surroundings {
  readonly tables: Tables;
  readonly actors: ActorIndex;
  readonly holdersOf: Facts['holdersOf'];
  /** Others that last and are about the same ports. */
  siblingsOf(incident: Incident): readonly Incident[];
  nameOf(netnsId: string | null): string | null;
  /** By keys of failure rows that have gone: those that count for them now. */
  readonly moved: ReadonlyMap<string, FailureRow>;
  /** What may have made one of this kind begin. */
  changesBefore(since: number, netnsId: string | null, kind: IncidentKind): Change[];
  /** Whether one more of this kind may begin. */
  hasRoomFor(kind: IncidentKind): boolean;
}

/** What a sentence about it is made of. */
export interface Account {
  readonly row: IncidentRow;
  readonly budget: BudgetRow | null;
  /** With the counts of the incident. */
  readonly failures: readonly FailureRow[];
  /** Nothing failed for a while, and then calls failed again. */
  readonly isOnAndOff: boolean;
  /** When ports run out, as it was forecast last; null: never. `time` in Unix ms. */
  readonly forecast: Trouble['forecast'];
}

export class Incident {
  private readonly title = new StableText();
  private begin: Begin | null = null;
  private changes: Change[] = [];
  private worst: Severity = 'warning';
  private observation: Observation;
  /** Its victims' rows, with what they count of it. */
  private counted: readonly FailureRow[] = [];
  /** Who takes ports of its budget, and what they had opened at the last trouble; null: not counted yet. */
  private takers: readonly Actor[] = [];
  private quiet: { readonly time: number; readonly opened: number } | null = null;
  private scale: Scale = { sustainablePerSec: null, waitsForPeer: false };
  /** Null: it is none yet. */
  row: IncidentRow | null = null;

  constructor(
    readonly subject: Subject,
    first: Observation,
    private readonly trouble = new Trouble(),
  ) {
    this.observation = first;
  }

  /**
   * One that an earlier run of the service saw begin. What happened between the two runs is not known: it counts as quiet from now on, and
   * one that was easing goes on to ease.
   * @param time Unix ms
   */
  static restored(saved: SavedIncident, time: number): Incident {
    const { subject, row, worst } = saved;
    const nothing: Observation = { subject, budget: null, threat: null, rows: [], fresh: [], failed: 0 };
    const incident = new Incident(subject, nothing, Trouble.restored(saved, time));
    const { key, since, changes } = row;
    const watchedFrom = row.state === 'easing' ? time - EASES_MS : time;
    incident.begin = { key, since, saved: new Map(saved.victims), watchedFrom, restored: time };
    return Object.assign(incident, { row, worst, changes: [...changes] });
  }

  /** Null: nothing that lasts. */
  get saved(): SavedIncident | null {
    const { begin, row, subject, worst } = this;
    if (begin === null || row === null || row.state === 'over') return null;
    const { pauses, lastFailure, lastThreat, forecast } = this.trouble;
    const victims = [...victimsOf(this.counted, begin.saved)];
    return {
      subject,
      row,
      worst,
      victims: victims.slice(0, MOST_SAVED),
      pauses,
      lastFailure,
      lastThreat,
      forecast,
    };
  }

  get budgetKey(): string | null {
    return this.observation.budget?.key ?? this.row?.budget ?? null;
  }

  /** What the verdict says of it; null: it is none. */
  get account(): Account | null {
    const { row } = this;
    const observation = this.own;
    if (row === null) return null;
    const { pauses, forecast } = this.trouble;
    return { row, budget: observation.budget, failures: observation.rows, isOnAndOff: pauses > 0, forecast };
  }

  /** What was seen, as far as it is of this incident; what failed before it only where that is all there is. */
  private get own(): Observation {
    const { observation, counted } = this;
    return counted.length === 0 ? observation : { ...observation, rows: counted };
  }

  /** Failures of it, too few for an incident. */
  get isSlight(): boolean {
    return this.row === null && this.trouble.lastFailure !== null;
  }

  /** It goes on, or may begin again. */
  get lasts(): boolean {
    return this.row !== null && this.row.state !== 'over';
  }

  /** Nothing to remember of it. */
  get isIdle(): boolean {
    return this.begin === null && this.trouble.isNone;
  }

  /**
   * @param seen null: nothing fails or threatens now
   * @param budget its budget's row then; null: it has none any more
   */
  observe(seen: Observation | null, budget: BudgetRow | null, now: Surroundings): void {
    if (this.row?.state === 'over') return;
    const { time } = now.tables;
    this.observation = seen ?? { ...this.observation, budget, threat: null, fresh: [], failed: 0 };
    this.trouble.tally.follow(now.moved);
    this.trouble.observe(this.observation, this.begin !== null, time);
    if (this.begin === null && this.hasBegun(time) && now.hasRoomFor(this.subject.kind)) this.open(now);
    this.counted = this.trouble.tally.rows(seen?.rows ?? []);
    if (this.begin !== null) this.watchDemand(now);
    if (this.begin !== null) this.row = this.rowAt(this.begin, now);
  }

  /** Something was changed in its namespace. */
  noteChange(text: string, time: number): void {
    if (!this.lasts || this.changes.some((known) => known.text === text && known.worked === null)) return;
    const course = this.course(time);
    const before = this.changes.map((change) => superseded(undone(change, text), course));
    if (before.every(({ worked }) => worked !== null)) this.measure();
    this.changes = [...before, begun(text, course)].slice(-MOST_CHANGES);
  }

  /** How things are before a change. */
  private measure(): void {
    const { budget } = this.observation;
    const waitsForPeer = heldBy(budget, this.takers).most === 'fin-wait-2';
    this.scale = { sustainablePerSec: budget?.sustainablePerSec ?? null, waitsForPeer };
    this.quiet = null;
  }

  private hasBegun(time: number): boolean {
    const { recent, threatFrom } = this.trouble;
    if (recent >= LEAST_FAILURES || (recent > 0 && this.observation.threat === 'out')) return true;
    return threatFrom !== null && time - threatFrom >= this.beliefMs();
  }

  private beliefMs(): number {
    const { budget, threat } = this.observation;
    if (budget === null || threat !== 'soon') return OUT_MS;
    if ((fullness(budget) ?? 0) >= HALF) return SOON_MS;
    const staysOpen = (budget.timeWait ?? 0) < FEW * (budget.used ?? 0);
    return staysOpen ? GROWING_MS : FILLING_MS;
  }

  private open({ tables: { time }, changesBefore }: Surroundings): void {
    const { firstFailure, threatFrom } = this.trouble;
    const since = Math.round(Math.min(firstFailure ?? time, threatFrom ?? time));
    const key = `${this.subject.id}@${since}`;
    this.begin = { key, since, saved: new Map(), watchedFrom: since, restored: null };
    this.trouble.begin();
    this.changes = changesBefore(since, this.subject.netnsId, this.subject.kind);
  }

  /** Whether both take the same ports: toward one place, or through a pool of bind(), which serves every place. */
  sharesPortsWith({ subject: other }: Incident): boolean {
    const { kind, netnsId, destination } = this.subject;
    if (netnsId !== other.netnsId || !isPorts(kind) || !isPorts(other.kind)) return false;
    const isPlace =
      destination.address === other.destination.address && destination.port === other.destination.port;
    return isPlace || kind === 'bind-pool' || other.kind === 'bind-pool';
  }

  private course(time: number): Course {
    const { lastFailure, lastThreat } = this.trouble;
    return { time, failPerSec: this.trouble.perSecond(this.observation.rows), lastFailure, lastThreat };
  }

  private stateAt(begin: Begin, time: number): IncidentState {
    const { budget } = this.observation;
    const quietMs = time - Math.max(begin.watchedFrom, this.trouble.last(begin.since));
    const isFull = budget !== null && (fullness(budget) ?? 0) >= FULL;
    if (quietMs >= OVER_MS && !isFull) return 'over';
    return quietMs >= EASES_MS ? 'easing' : 'open';
  }

  private severityNow(): Severity {
    const { kind } = this.subject;
    return isPorts(kind) && (this.trouble.recent > 0 || this.observation.threat === 'out')
      ? 'critical'
      : 'warning';
  }

  private rowAt(begin: Begin, now: Surroundings): IncidentRow {
    const { time } = now.tables;
    this.noteRestart(now);
    if (this.severityNow() === 'critical') this.worst = 'critical';
    const state = this.stateAt(begin, time);
    const { netns, netnsId, kind, destination } = this.subject;
    this.judge(begin, state, now);
    const untitled = {
      key: begin.key,
      kind,
      netns,
      netnsId,
      name: now.nameOf(netnsId) ?? this.row?.name ?? null,
      severity: state === 'open' ? this.severityNow() : this.worst,
      state,
      since: begin.since,
      until: state === 'open' ? null : Math.round(this.trouble.last(begin.since)),
      budget: this.budgetKey,
      destination,
      ...this.rates(),
      failed: this.trouble.failed,
      ...this.people(begin, now),
      findings: [],
      remedies: this.row?.remedies ?? [],
      changes: this.changes,
      /* What failed while no run watched is not counted. */
      lowerBound: begin.restored !== null || this.observation.rows.some(({ lowerBound }) => lowerBound),
    };
    return { ...untitled, title: this.titleFor(untitled, time) };
  }

  private hasNowFailed({ worked }: Change, i: number): boolean {
    return worked === false && this.changes[i]?.worked === null;
  }

  /** Whether so much is tried that it would fail without the change. Where ports are not given back by time, those who want them live. */
  private demandGoesOn(time: number): boolean {
    const { budget } = this.observation;
    const { sustainablePerSec } = this.scale;
    if (!isPorts(this.subject.kind) || sustainablePerSec === null) return this.somebodyLives();
    const { quiet, takers } = this;
    if (budget === null || quiet === null) return false;
    const opened = takers.reduce((sum, one) => sum + one.opened, 0) - quiet.opened;
    const perSec = takers.length === 0 ? budget.openPerSec : opened / Math.max(1, (time - quiet.time) / 1000);
    return (perSec ?? 0) >= ENOUGH * sustainablePerSec;
  }

  private somebodyLives(): boolean {
    const { culprits = [], victims = [] } = this.row ?? {};
    const all = [...culprits, ...victims];
    return all.length === 0 || all.some(({ process }) => process.exited !== true);
  }

  /** What is opened since the last trouble is counted only while a change is to be judged. */
  private watchDemand({ actors, tables: { time } }: Surroundings): void {
    const { budget, failed, threat } = this.observation;
    this.takers = budget === null ? [] : actors.of(budget);
    if (this.changes.every(({ worked }) => worked !== null)) return;
    if (this.quiet !== null && failed === 0 && threat === null) return;
    this.quiet = { time, opened: this.takers.reduce((sum, one) => sum + one.opened, 0) };
  }

  private judge(
    { since }: Begin,
    state: IncidentState,
    { siblingsOf, tables: { time } }: Surroundings,
  ): void {
    if (this.changes.every(({ worked }) => worked !== null)) return;
    const { budget } = this.observation;
    const kind = budget !== null && choosesByBind(budget) ? 'bind-pool' : this.subject.kind;
    const courses = [this, ...siblingsOf(this)].map((one) => one.course(time));
    const course = courses.reduce(together);
    const its: Case = { since, kind, scale: this.scale, goesOn: this.demandGoesOn(time) };
    const known = this.changes.map((change) => judged(change, course, its));
    const vain = known.find((change, i) => change.failPerSecAfter === null && this.hasNowFailed(change, i));
    const end = vain === undefined ? [] : [ended(vain, this.row?.culprits ?? [], course)];
    this.changes = (state === 'over' ? known.map(closed) : [...known, ...end]).slice(-MOST_CHANGES);
  }

  private rates() {
    const { budget } = this.observation;
    return {
      demandPerSec: budget?.demandPerSec ?? null,
      sustainablePerSec: budget?.sustainablePerSec ?? null,
      exhaustionSeconds: budget?.exhaustionSeconds ?? null,
      failPerSec: this.trouble.perSecond(this.observation.rows),
    };
  }

  /** Culprits that hold nothing any more stay named. */
  private people(
    begin: Begin,
    { actors, tables, holdersOf }: Surroundings,
  ): Pick<IncidentRow, 'culprits' | 'victims'> {
    const { budget } = this.observation;
    const culprits = budget === null ? [] : culpritsOf(budget, actors.of(budget), holdersOf);
    const known = this.row?.culprits ?? [];
    const isNew = begin.restored !== null && tables.time - begin.restored < LEARNT_MS;
    return {
      culprits: culprits.length === 0 || (isNew && knowsMore(known, culprits)) ? known : culprits,
      victims: mostFailing(victimsOf(this.counted, begin.saved)),
    };
  }

  /** Of one that eases: what it was. */
  private titleFor(untitled: Omit<IncidentRow, 'title'>, time: number): string {
    if (untitled.state !== 'open' && this.row !== null) return this.row.title;
    const numbers = numbersOf(untitled, this.own);
    return this.title.next(untitled.severity, numbers, titleOf(untitled, this.own), time);
  }

  private noteRestart({ actors, tables }: Surroundings): void {
    const [first] = this.row?.culprits ?? [];
    const next =
      first === undefined ? null : restarted(first, actors.named(this.subject.netnsId, first.process.name));
    if (first === undefined || next === null) return;
    const text = `${next.process.name} started again: pid ${first.process.pid} → ${next.process.pid}`;
    if (!this.changes.some((known) => known.text === text)) this.noteChange(text, tables.time);
  }
}
