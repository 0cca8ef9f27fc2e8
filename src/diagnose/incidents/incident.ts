/**
 * One subject over time: when it is an incident, eases, is over. In: an observation a second. Out: the incident's row; none before it
 * begins. Time is given.
 */

import { isPorts } from '../../forecast/harm.js';
import type {
  BudgetRow,
  Change,
  ChangeKind,
  Culprit,
  FailureRow,
  IncidentKind,
  IncidentRow,
  Severity,
  Victim,
} from '../../protocol/rows.js';
import type { Actor, Facts, Tables } from '../types.js';
import type { ActorIndex } from './actor-index.js';
import { ChangeLog } from './changes/change-log.js';
import { type Course, together } from './changes/judgement.js';
import { Successions } from './changes/processes.js';
import { keptCulprits } from './kept-culprits.js';
import type { Observation, Subject } from './observation.js';
import { culpritsOf, knowsMore, mostFailing, victimsOf } from './people.js';
import type { SavedIncident } from './saved.js';
import { StableText } from './stable-text.js';
import { EASES_MS, hasBegun, severityOf, stateOf } from './stages.js';
import { firstOf, numbersOf, titleOf } from './titles.js';
import { Trouble } from './trouble.js';

/** By then what an earlier run knew and this one does not has left TIME_WAIT, ms. */
const LEARNT_MS = 75_000;
/** Victims of one incident that a restart keeps. */
const MOST_SAVED = 100;

/** What stays the same while an incident lasts. */
interface Begin {
  readonly key: string;
  readonly since: number;
  /** By keys of `failedBy`, what an earlier run of the service has counted; since when this one watches, Unix ms. */
  readonly saved: ReadonlyMap<string, Victim>;
  readonly watchedFrom: number;
  /** Since when this run goes on with one of an earlier run, Unix ms; null: it began in this run. */
  readonly restored: number | null;
  /** Since when calls failed in an earlier run, Unix ms; null: they did not. */
  readonly failedSince: number | null;
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
  /** A warning may have opened minutes before; Unix ms, null: none has failed. */
  readonly failsSince: number | null;
  /** Nothing failed for a while, and then calls failed again. */
  readonly isOnAndOff: boolean;
  /** When ports run out, as it was forecast last; null: never. `time` in Unix ms. */
  readonly forecast: Trouble['forecast'];
}

export class Incident {
  private readonly title = new StableText();
  private begin: Begin | null = null;
  private log = new ChangeLog();
  private successions = new Successions();
  private worst: Severity = 'warning';
  private observation: Observation;
  /** Its victims' rows, with what they count of it. */
  private counted: readonly FailureRow[] = [];
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
    const { failsSince: failedSince = null } = saved;
    incident.begin = { key, since, saved: new Map(saved.victims), watchedFrom, restored: time, failedSince };
    const log = new ChangeLog(changes, saved.scale, time);
    const successions = new Successions(incident.trouble.last(since));
    return Object.assign(incident, { row, worst, log, successions });
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
      failsSince: this.failsSince,
      forecast,
      scale: this.log.saved,
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
    const { budget, rows: failures } = observation;
    return { row, budget, failures, failsSince: this.failsSince, isOnAndOff: pauses > 0, forecast };
  }

  private get failsSince(): number | null {
    const { since = 0, failedSince = null } = this.begin ?? {};
    const all = this.own.rows.map(({ firstSeen }) => firstSeen ?? since);
    if (failedSince !== null) all.push(failedSince);
    return all.length === 0 ? null : Math.max(since, Math.min(...all));
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
    if (this.begin === null && hasBegun(this.trouble, this.observation, time))
      if (now.hasRoomFor(this.subject.kind)) this.open(now);
    this.counted = this.trouble.tally.rows(seen?.rows ?? []);
    if (this.begin !== null) this.row = this.rowAt(this.begin, now);
  }

  /** Something was changed in its namespace. */
  noteChange(kind: ChangeKind, text: string, time: number): void {
    if (this.lasts) this.log.note(kind, text, this.observation, this.course(time));
  }

  private open({ tables: { time }, changesBefore }: Surroundings): void {
    const { firstFailure, threatFrom } = this.trouble;
    const since = Math.round(Math.min(firstFailure ?? time, threatFrom ?? time));
    const key = `${this.subject.id}@${since}`;
    this.begin = { key, since, saved: new Map(), watchedFrom: since, restored: null, failedSince: null };
    this.trouble.begin();
    this.log = new ChangeLog(changesBefore(since, this.subject.netnsId, this.subject.kind));
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

  private rowAt(begin: Begin, now: Surroundings): IncidentRow {
    const { time } = now.tables;
    this.noteRestart(now);
    const severity = severityOf(this.trouble, this.observation);
    if (severity === 'critical') this.worst = 'critical';
    const state = stateOf(
      time - Math.max(begin.watchedFrom, this.trouble.last(begin.since)),
      this.observation,
    );
    const { netns, netnsId, kind } = this.subject;
    this.judge(begin, state === 'over', now);
    const untitled = {
      key: begin.key,
      kind,
      netns,
      netnsId,
      name: now.nameOf(netnsId) ?? this.row?.name ?? null,
      severity: state === 'open' ? severity : this.worst,
      state,
      since: begin.since,
      until: state === 'open' ? null : Math.round(this.trouble.last(begin.since)),
      budget: this.budgetKey,
      /* Who is there may be found later. */
      destination: this.observation.subject.destination,
      ...this.rates(),
      failed: this.trouble.failed,
      ...this.people(begin, now),
      findings: [],
      remedies: this.row?.remedies ?? [],
      changes: [...this.log.all],
      /* What failed while no run watched is not counted. */
      lowerBound: begin.restored !== null || this.observation.rows.some(({ lowerBound }) => lowerBound),
    };
    return { ...untitled, title: this.titleFor(untitled, time) };
  }

  private judge(
    { since }: Begin,
    isOver: boolean,
    { actors, siblingsOf, tables: { time } }: Surroundings,
  ): void {
    const { budget } = this.observation;
    this.log.watch(this.observation, budget === null ? [] : actors.of(budget), time);
    const courses = [this, ...siblingsOf(this)].map((one) => one.course(time));
    this.log.judge(this.observation, { since, isOver, course: courses.reduce(together), row: this.row });
  }

  private rates() {
    const { budget, threat } = this.observation;
    const failPerSec = this.trouble.perSecond(this.observation.rows);
    const demandPerSec = budget?.demandPerSec ?? null;
    return {
      /* What fails was tried: the two are taken over different seconds. */
      demandPerSec: demandPerSec === null ? null : Math.max(demandPerSec, failPerSec),
      sustainablePerSec: budget?.sustainablePerSec ?? null,
      /* As long as it is a threat: later than that an incident may ease meanwhile. */
      exhaustionSeconds: threat === null ? null : (budget?.exhaustionSeconds ?? null),
      failPerSec,
    };
  }

  private people(
    begin: Begin,
    { actors, tables, holdersOf }: Surroundings,
  ): Pick<IncidentRow, 'culprits' | 'victims'> {
    const { budget } = this.observation;
    const takers = budget === null ? [] : actors.of(budget);
    const now = budget === null ? [] : culpritsOf(budget, takers, holdersOf);
    const isNew = begin.restored !== null && tables.time - begin.restored < LEARNT_MS;
    return {
      culprits: [...this.culprits(now, takers, isNew)],
      victims: mostFailing(victimsOf(this.counted, begin.saved)),
    };
  }

  /** Those who hold the ports, as long as there is trouble. @param isNew this run of the service does not know all of them yet */
  private culprits(now: readonly Culprit[], takers: readonly Actor[], isNew: boolean): readonly Culprit[] {
    const { failed, threat } = this.observation;
    const known = this.row?.culprits ?? [];
    if (failed === 0 && threat === null) return keptCulprits(known, now, takers);
    return now.length === 0 || (isNew && knowsMore(known, now)) ? known : now;
  }

  /** Of one that eases: what it was. */
  private titleFor(untitled: Omit<IncidentRow, 'title'>, time: number): string {
    if (untitled.state !== 'open' && this.row !== null) return this.row.title;
    const numbers = numbersOf(untitled, this.own);
    return this.title.next(untitled.severity, numbers, titleOf(untitled, this.own), time, firstOf(untitled));
  }

  private noteRestart({ actors, tables }: Surroundings): void {
    const [first] = this.row?.culprits ?? [];
    const name = first?.process.name ?? null;
    const named = name === null ? [] : actors.named(this.subject.netnsId, name);
    const text = this.successions.text(first, named, tables.time);
    if (text !== null && !this.log.all.some((known) => known.text === text))
      this.noteChange('restart', text, tables.time);
  }
}
