/**
 * What was changed in one incident, and what came of it. In: changes, an observation a second, who takes ports of its budget. Out: changes with
 * their effect, as far as that is known. Bounded. Time is given.
 */
import { isPorts } from '../../../forecast/harm.js';
import { choosesByBind } from '../../../forecast/reuse.js';
import { TOGETHER_MS } from '../../../protocol/names.js';
import type { Change, ChangeKind, Culprit, IncidentRow } from '../../../protocol/rows.js';
import { heldBy } from '../../remedies/holding.js';
import type { Actor } from '../../types.js';
import type { Observation } from '../observation.js';
import {
  begun,
  type Case,
  type Course,
  closed,
  ended,
  judged,
  MOST_CHANGES,
  type Scale,
  superseded,
  undone,
  WORKED_MS,
} from './judgement.js';
import { endedOf } from './processes.js';

/** Of what could not be had before, when it is tried on. */
const ENOUGH = 0.9;

/** How long the ports may take to come back after what mended it, ms. */
const WAITS_MS = 60_000;

/** What changes of an incident are judged by. */
export interface Evidence {
  readonly since: number;
  readonly isOver: boolean;
  /** Of it and of all that are about the same ports. */
  readonly course: Course;
  /** As it was a second ago; null: it has just begun. */
  readonly row: Pick<IncidentRow, 'kind' | 'culprits' | 'victims' | 'failed' | 'failPerSec'> | null;
}

export class ChangeLog {
  /** Who takes ports of its budget, and what they had opened at the last trouble; null: not counted yet. */
  private takers: readonly Actor[] = [];
  private quiet: { readonly time: number; readonly opened: number } | null = null;

  /** What the ports allowed per second, in the last two seconds: a row may show a new setting before that one is read. */
  private allowed: readonly (number | null)[] = [];

  /** What failed per second while calls failed, the last time. */
  private failPerSec = 0;

  /** @param scale of those that are not judged yet. @param watchedFrom since when this run of the service watches, Unix ms */
  constructor(
    public all: readonly Change[] = [],
    private scale: Scale = { sustainablePerSec: null, waitsForPeer: false },
    private readonly watchedFrom = 0,
  ) {}

  /** What the next run of the service needs to judge those that this one has not. */
  get saved(): Scale {
    return this.scale;
  }

  /** @param seen how things are before it */
  note(kind: ChangeKind, text: string, seen: Observation, course: Course): void {
    if (this.all.some((known) => known.text === text && known.worked === null)) return;
    const before = this.all.map((change) => superseded(undone(change, text), course));
    if (before.every(({ worked }) => worked !== null)) this.measure(seen, course);
    this.all = [...before, begun(kind, text, course)].slice(-MOST_CHANGES);
  }

  /** What is opened since the last trouble is counted only while a change is to be judged. */
  watch({ budget, failed, threat }: Observation, takers: readonly Actor[], time: number): void {
    this.takers = budget === null ? [] : takers;
    this.allowed = [...this.allowed, budget?.sustainablePerSec ?? null].slice(-2);
    if (!this.isWaiting || (this.quiet !== null && failed === 0 && threat === null)) return;
    this.quiet = { time, opened: this.opened };
  }

  judge(seen: Observation, evidence: Evidence): void {
    if (seen.failed > 0) this.failPerSec = evidence.row?.failPerSec ?? 0;
    if (this.isWaiting) this.judgeAll(seen, evidence);
    else this.noteEnd(evidence);
  }

  /** Nothing was changed, or in vain, and yet it ended: since somebody did. */
  private noteEnd({ course, row }: Evidence): void {
    const { lastFailure, time } = course;
    if (row === null || lastFailure === null || this.failPerSec === 0 || time - lastFailure < WORKED_MS)
      return;
    const isWhy = ({ kind, worked, time: at }: Change) =>
      kind === 'end' ? at >= lastFailure : worked === true && at >= lastFailure - WAITS_MS;
    const gone = endedOf(row);
    if (gone === null || this.all.some(isWhy)) return;
    this.all = [...this.all, ended(gone, this.failPerSec, course)].slice(-MOST_CHANGES);
  }

  private judgeAll(seen: Observation, { since, isOver, course, row }: Evidence): void {
    const { budget, subject } = seen;
    const kind = budget !== null && choosesByBind(budget) ? 'bind-pool' : subject.kind;
    const { scale, watchedFrom } = this;
    const its: Case = { since, kind, scale, watchedFrom, goesOn: this.goesOn(seen, course.time, row) };
    const known = this.all.map((change) => judged(change, course, its));
    const vain = known.find((change, i) => change.failPerSecAfter === null && this.hasNowFailed(change, i));
    const end = vain === undefined ? [] : [ended(row && endedOf(row), vain.failPerSecBefore, course)];
    this.all = (isOver ? known.map(closed) : [...known, ...end]).slice(-MOST_CHANGES);
  }

  /** One of them is not judged yet. */
  private get isWaiting(): boolean {
    return this.all.some(({ worked }) => worked === null);
  }

  private get opened(): number {
    return this.takers.reduce((sum, one) => sum + one.opened, 0);
  }

  private measure({ budget }: Observation, { time, lastThreat }: Course): void {
    const waitsForPeer = heldBy(budget, this.takers).most === 'fin-wait-2';
    const allowed = [...this.allowed, budget?.sustainablePerSec ?? null].filter((rate) => rate !== null);
    const sustainablePerSec = allowed.length === 0 ? null : Math.min(...allowed);
    /* A row may show a new setting before that one is read. */
    const isThreatened = lastThreat !== null && time - lastThreat <= TOGETHER_MS;
    this.scale = { sustainablePerSec, waitsForPeer, isThreatened };
    this.quiet = null;
  }

  private hasNowFailed({ worked }: Change, i: number): boolean {
    return worked === false && this.all[i]?.worked === null;
  }

  /** Whether so much is tried that it would fail without the change. Where ports are not given back by time, those who want them live. */
  private goesOn({ budget, subject }: Observation, time: number, row: Evidence['row']): boolean {
    const { quiet, takers } = this;
    const { sustainablePerSec } = this.scale;
    if (!isPorts(subject.kind) || sustainablePerSec === null)
      return somebodyLives([...(row?.culprits ?? []), ...(row?.victims ?? [])]);
    if (budget === null || quiet === null) return false;
    const opened = (this.opened - quiet.opened) / Math.max(1, (time - quiet.time) / 1000);
    const perSec = takers.length === 0 ? budget.openPerSec : opened;
    return (perSec ?? 0) >= ENOUGH * sustainablePerSec;
  }
}

const somebodyLives = (all: readonly Pick<Culprit, 'process'>[]) =>
  all.length === 0 || all.some(({ process }) => process.exited !== true);
