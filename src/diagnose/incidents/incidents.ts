/**
 * All incidents: those that go on and those that are over. In: the tables of each second, findings. Out: rows, the worst first, and what
 * opened, eased or ended. Bounded: the oldest that are over go first, then the least of those that go on.
 */

import { byHarm, byKind } from '../../forecast/harm.js';
import type { BudgetRow, FindingRow, IncidentRow, IncidentState, TotalsRow } from '../../protocol/rows.js';
import type { Facts, Tables } from '../types.js';
import { ActorIndex, actorIndexOf } from './actor-index.js';
import { begun, undone } from './changes/judgement.js';
import { LateChanges } from './changes/late-changes.js';
import { changedSettings } from './changes/settings.js';
import { Ledger } from './counts/ledger.js';
import { type Account, Incident, type Surroundings } from './incident.js';
import type { Observation, Subject } from './observation.js';
import { rooted } from './roots.js';
import type { SavedIncidents } from './saved.js';
import { MOST_SUBJECTS, observe } from './subjects.js';

const MOST_KEPT = 200;
/** Observed without a break. */
const AT_ONCE = 50;

export class Incidents {
  private readonly watched = new Map<string, Incident>();
  private over: IncidentRow[] = [];
  private settings = new Map<string, TotalsRow>();
  private readonly late = new LateChanges();
  private ledger = new Ledger();
  private reported: ReadonlyMap<string, Reported> = new Map();
  /** Of the last step. */
  actors = new ActorIndex([]);

  /** When settings of a namespace changed last, Unix ms; of the namespaces that there are. */
  changedAt: ReadonlyMap<string | null, number> = new Map();

  /** Keys of those that came into another state in the last step, or became critical. */
  entered: readonly string[] = [];

  /** What an earlier run of the service left. Before the first step. @param time Unix ms */
  restore({ lasting, over }: SavedIncidents, time: number): void {
    for (const saved of lasting) this.watched.set(saved.subject.id, Incident.restored(saved, time));
    this.over = [...over];
    this.ledger = new Ledger(time);
    this.reported = this.reportedOf(this.rows);
  }

  get saved(): SavedIncidents {
    return { lasting: [...this.watched.values()].flatMap(({ saved }) => saved ?? []), over: this.over };
  }

  /** Yields where it can be interrupted: what is seen between two steps is partly of the second before. */
  *steps(tables: Tables, facts: Facts): Generator<void, void> {
    const budgets = new Map(tables.budgets.map((row) => [row.key, row]));
    this.actors = actorIndexOf(tables);
    this.noteSettings(tables);
    yield;
    yield* this.observeAll(tables, facts, budgets);
    for (const [id, incident] of this.watched) this.end(id, incident);
    this.bound();
    this.report();
  }

  /** Those that are not over, the worst first; then those that are, the latest first. */
  get rows(): IncidentRow[] {
    return [...this.lasting().sort(byHarm), ...this.over];
  }

  /** The worst first. */
  get accounts(): Account[] {
    const accounts = [...this.watched.values()].flatMap(({ account }) => account ?? []);
    return accounts.sort((a, b) => byHarm(a.row, b.row));
  }

  /** What fails too seldom for an incident. */
  get slight(): Subject[] {
    return [...this.watched.values()].filter(({ isSlight }) => isSlight).map(({ subject }) => subject);
  }

  private lasting(): IncidentRow[] {
    return [...this.watched.values()].flatMap(({ row }) => row ?? []);
  }

  private *observeAll(
    tables: Tables,
    facts: Facts,
    budgets: ReadonlyMap<string, BudgetRow>,
  ): Generator<void, void> {
    this.ledger.step(tables.failures, tables.time);
    const seen = rooted(
      observe(tables, facts, budgets, this.ledger, (id) => this.watched.has(id)),
      tables,
    );
    this.forget(seen);
    this.admit(seen);
    const now = this.surroundings(tables, facts);
    let count = 0;
    for (const [id, incident] of this.watched) {
      if (count++ % AT_ONCE === 0) yield;
      const { budgetKey } = incident;
      const budget = budgetKey === null ? null : (budgets.get(budgetKey) ?? null);
      incident.observe(seen.get(id) ?? null, budget, now);
    }
  }

  /** Ports first: what else fails may be made by anybody, as often as there are ports. */
  private admit(seen: ReadonlyMap<string, Observation>): void {
    const isNew = (one: Observation) => !this.watched.has(one.subject.id);
    const ranked = [...seen.values()].filter(isNew).sort((a, b) => byKind(a.subject.kind, b.subject.kind));
    for (const one of ranked.slice(0, Math.max(0, MOST_SUBJECTS - this.watched.size)))
      this.watched.set(one.subject.id, new Incident(one.subject, one));
  }

  private surroundings(tables: Tables, { holdersOf }: Facts): Surroundings {
    const names = new Map(tables.totals.map(({ netnsId, name }) => [netnsId, name]));
    const rows = this.lasting();
    const lasting = [...this.watched.values()].filter(({ lasts }) => lasts);
    const [least] = rows.map(({ kind }) => kind).sort((a, b) => byKind(b, a));
    let count = rows.length;
    return {
      tables,
      actors: this.actors,
      holdersOf,
      moved: this.ledger.moved,
      siblingsOf: (incident) => lasting.filter((one) => one !== incident && one.sharesPortsWith(incident)),
      changesBefore: (since, netnsId, kind) => this.late.before(since, netnsId, kind),
      nameOf: (netnsId) => names.get(netnsId) ?? null,
      hasRoomFor: (kind) => {
        const isWorse = count < MOST_KEPT || (least !== undefined && byKind(kind, least) < 0);
        if (isWorse) count += 1;
        return isWorse && count <= 2 * MOST_KEPT;
      },
    };
  }

  /** What is idle and has no rows any more; all that is idle when there is no room for what is new. */
  private forget(seen: ReadonlyMap<string, Observation>): void {
    const isFull = seen.size + this.watched.size > MOST_SUBJECTS;
    for (const [id, { isIdle }] of this.watched)
      if (isIdle && (isFull || !seen.has(id))) this.watched.delete(id);
  }

  private noteSettings({ totals, time }: Tables): void {
    const changedAt = new Map<string | null, number>();
    for (const row of totals) {
      const before = this.settings.get(row.key);
      const texts = before === undefined ? [] : changedSettings(before, row);
      for (const text of texts) this.noteChange(row.netnsId, text, time);
      const moment = texts.length > 0 ? time : this.changedAt.get(row.netnsId);
      if (moment !== undefined) changedAt.set(row.netnsId, moment);
    }
    this.changedAt = changedAt;
    this.settings = new Map(totals.map((row) => [row.key, row]));
  }

  private noteChange(netnsId: string | null, text: string, time: number): void {
    const before = { time, failPerSec: 0, lastFailure: null, lastThreat: null };
    this.late.add(netnsId, begun('setting', text, before));
    for (const incident of this.watched.values())
      if (incident.subject.netnsId === netnsId) incident.noteChange('setting', text, time);
    this.over = this.over.map((row) =>
      row.netnsId === netnsId ? { ...row, changes: row.changes.map((one) => undone(one, text)) } : row,
    );
  }

  private end(id: string, incident: Incident): void {
    if (incident.row?.state !== 'over') return;
    this.over.unshift(incident.row);
    this.watched.delete(id);
  }

  private bound(): void {
    const lasting = this.lasting().sort(byHarm);
    this.over = this.over.slice(0, Math.max(0, MOST_KEPT - lasting.length));
    const tooMany = new Set(lasting.slice(MOST_KEPT).map(({ key }) => key));
    for (const [id, { row }] of this.watched)
      if (row !== null && tooMany.has(row.key)) this.watched.delete(id);
  }

  private reportedOf(rows: readonly IncidentRow[]): ReadonlyMap<string, Reported> {
    return new Map(
      rows.map(({ key, state, severity }) => {
        const wasCritical = severity === 'critical' || this.reported.get(key)?.wasCritical === true;
        return [key, { state, wasCritical }];
      }),
    );
  }

  private report(): void {
    const { rows } = this;
    this.entered = rows.filter((row) => isNews(row, this.reported.get(row.key))).map(({ key }) => key);
    this.reported = this.reportedOf(rows);
  }
}

interface Reported {
  readonly state: IncidentState;
  readonly wasCritical: boolean;
}

/** That a warning becomes critical is news once: ports may be out on and off. */
const isNews = ({ state, severity }: IncidentRow, before: Reported | undefined) =>
  before?.state !== state || (severity === 'critical' && !before.wasCritical);

/** The rows with the keys of their findings. */
export function withFindings(rows: readonly IncidentRow[], findings: readonly FindingRow[]): IncidentRow[] {
  return rows.map((row) => ({
    ...row,
    findings: findings.filter(({ incident }) => incident === row.key).map(({ key }) => key),
  }));
}
