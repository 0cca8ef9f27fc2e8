/**
 * The diagnosis of one engine: reads its tables once a second, keeps incidents, findings and the verdict. In: the tables'
 * sources, standing connections, the scope that it speaks of. Out: the same tables for publish, and three more: incidents, findings, verdict.
 * What a crowd makes is thought through in slices, so that the event loop is free between them. No I/O of its own; time is given.
 */
import type { AnyRow } from '../protocol/frames.js';
import type { FindingRow, IncidentRow, Remedy, VerdictRow } from '../protocol/rows.js';
import type { Changes, HistorySource, Source, TableSource, WantedSettings } from '../protocol/source.js';
import { fillRates, Growth } from './actor-rates.js';
import { actorsOf } from './actors.js';
import { fullestBudgets } from './churn-severity.js';
import { ranked, withIncidents } from './incidents/finding-parts.js';
import { Incidents, withFindings } from './incidents/incidents.js';
import type { SavedIncidents } from './incidents/saved.js';
import { incidentOf, marksOf } from './marks.js';
import { findingRows, reduce, type Watch } from './reducer.js';
import { Remedies } from './remedies/remedies.js';
import { wantedChange } from './remedies/wanted.js';
import { MarkedReplica } from './replica/marked-replica.js';
import { TableReplica } from './replica/table-replica.js';
import { RULES } from './rules/index.js';
import { silenceOf } from './rules/silence.js';
import type { Candidate, Facts, Scope, Standing, Tables } from './types.js';
import { Verdict } from './verdict.js';

/** Clients may ask more often; the tables are read again after this, ms. */
const PERIOD_MS = 900;

type Read = Required<Pick<Source['tables'], 'flows' | 'budgets' | 'failures' | 'totals'>>;

/** How the work of a second is spread over turns of the event loop. */
export interface Pace {
  /** A turn, and whether it is over. At least one step is done in it. */
  begin(): { over(): boolean };
  /** In another turn. */
  later(proceed: () => void): void;
}

const ENDLESS = { over: () => false };

export interface DiagnosisContext {
  /** By flow key. Unix ms. */
  standing(now: number): ReadonlyMap<string, Standing>;
  runtimeOf: Facts['runtimeOf'];
  portsOf: Facts['portsOf'];
  /** Absent: not known. */
  holdersOf?: Facts['holdersOf'];
  /** A rule or a table threw. Tracing goes on; findings stay as they were. */
  failed(error: unknown): void;
  /** An incident opened, eased, or is over. */
  entered?(incident: IncidentRow): void;
  /** Absent: all of it in one turn. */
  pace?: Pace;
  /** Absent: the whole machine. */
  scope?: Scope | undefined;
}

export class Diagnosis {
  private readonly flows: TableReplica<'flows'>;
  private readonly budgets: MarkedReplica<'budgets'>;
  private readonly failures: MarkedReplica<'failures'>;
  private readonly totals: TableReplica<'totals'>;
  private readonly growth = new Growth(4);
  private readonly overflows = new Growth(1);
  private watch: Watch = new Map();
  private readonly incidents = new Incidents();
  private readonly remedies = new Remedies();
  private readonly verdict = new Verdict();
  private evaluated = Number.NEGATIVE_INFINITY;
  /** The second that is not yet thought through. */
  private work: Generator<void, void> | null = null;
  private readonly incidentTable = new Rows<IncidentRow>();
  private readonly findingTable = new Rows<FindingRow>();
  private readonly verdictTable = new Rows<VerdictRow>();

  constructor(
    sources: Read,
    private readonly context: DiagnosisContext,
  ) {
    this.flows = new TableReplica(sources.flows);
    this.budgets = new MarkedReplica(sources.budgets);
    this.failures = new MarkedReplica(sources.failures);
    this.totals = new TableReplica(sources.totals);
  }

  /** What publish gets. It collects findings after the tables that they are made of. */
  get tables(): Source['tables'] {
    const { flows, budgets, failures, totals } = this;
    const incidents: TableSource<'incidents'> = {
      collect: (now) => this.collect(this.incidentTable, now),
    };
    const findings: TableSource<'findings'> = { collect: (now) => this.collect(this.findingTable, now) };
    const verdict: TableSource<'verdict'> = { collect: (now) => this.collect(this.verdictTable, now) };
    return { totals, flows, budgets, failures, incidents, findings, verdict };
  }

  /** Before the first tick. @param time Unix ms */
  restore(saved: SavedIncidents, time: number): void {
    this.incidents.restore(saved, time);
  }

  /** What a restart of the service keeps. */
  get saved(): SavedIncidents {
    const { lasting, over } = this.incidents.saved;
    const whole = (row: IncidentRow) => this.incidentTable.get(row.key) ?? row;
    return { lasting: lasting.map((one) => ({ ...one, row: whole(one.row) })), over: over.map(whole) };
  }

  /** The same, and each annotation says which incident it belongs to. */
  historyOf(history: HistorySource): HistorySource {
    return {
      body: (budget, seconds, shows) => history.body(budget, seconds, shows, incidentOf(this.incidents.rows)),
    };
  }

  /** The command for settings that somebody chose. Null: there is no such budget, or nothing would change. */
  change(key: string, wanted: WantedSettings): Remedy | null {
    const budget = this.budgets.rows.get(key);
    if (budget === undefined) return null;
    const totals = [...this.totals.rows.values()].find(({ netnsId }) => netnsId === budget.netnsId);
    return wantedChange(wanted, budget, totals, this.context);
  }

  /** Once a second, whether or not there is a client. Unix ms. */
  tick(now: number): void {
    const elapsed = now - this.evaluated;
    if (this.work !== null || (elapsed >= 0 && elapsed < PERIOD_MS)) return;
    this.evaluated = now;
    this.work = this.second(now);
    this.proceed();
  }

  /** Until it is done or the turn is over; then in another turn. */
  private proceed(): void {
    const { pace, failed } = this.context;
    const turn = pace?.begin() ?? ENDLESS;
    try {
      do {
        if (this.work?.next().done !== false) {
          this.work = null;
          return;
        }
      } while (!turn.over());
      pace?.later(() => this.proceed());
    } catch (error) {
      this.work = null;
      failed(error);
    }
  }

  /** Yields where it can be interrupted. */
  private *second(now: number): Generator<void, void> {
    for (const table of [this.totals, this.flows, this.budgets, this.failures]) {
      table.pull(now);
      yield;
    }
    this.context.scope?.learn([...this.totals.rows.values()]);
    yield* this.evaluate(yield* this.read(now), now);
  }

  private *evaluate(tables: Tables, now: number): Generator<void, void> {
    const { runtimeOf, portsOf, holdersOf = () => null } = this.context;
    const facts: Facts = { overflowPerSec: this.overflowPerSec(now), runtimeOf, portsOf, holdersOf };
    const candidates: Candidate[] = [];
    for (const rule of Object.values(RULES)) {
      candidates.push(...rule(tables, facts));
      yield;
    }
    yield* this.incidents.steps(tables, facts);
    const { rows, accounts, slight, actors, changedAt } = this.incidents;
    this.watch = reduce(this.watch, candidates, now, changedAt, silenceOf(tables));
    const findings = withIncidents(this.shown(findingRows(this.watch, now)), rows);
    yield;
    const over = rows.filter(({ state }) => state === 'over');
    const verdict = this.verdict.next({ tables, accounts, over, slight, findings });
    const candidateOf = (key: string) => this.watch.get(key)?.candidate;
    yield* this.remedies.steps(accounts, findings, { tables, actors, candidateOf, portsOf });
    const incidents = this.remedies.onto(withFindings(rows, findings));
    yield;
    const { budgets, failures } = marksOf(accounts);
    this.budgets.mark(budgets);
    this.failures.mark(failures);
    yield;
    this.incidentTable.replace(incidents);
    this.findingTable.replace(ranked(findings, verdict.incident));
    this.verdictTable.replace([verdict]);
    this.report(incidents);
  }

  private report(incidents: readonly IncidentRow[]): void {
    const entered = new Set(this.incidents.entered);
    for (const incident of incidents) if (entered.has(incident.key)) this.context.entered?.(incident);
  }

  private collect<Row extends { key: string }>(rows: Rows<Row>, now: number): Changes<Row> {
    this.tick(now);
    return rows.take();
  }

  private *read(time: number): Generator<void, Tables> {
    const actors = actorsOf(this.shown(this.flows.rows.values()), this.context.standing(time));
    yield;
    fillRates(this.growth, actors, time);
    this.growth.prune(time);
    yield;
    const budgets = this.shown(this.budgets.rows.values());
    return {
      actors,
      budgets,
      fullest: fullestBudgets(budgets),
      failures: this.shown(this.failures.rows.values()),
      totals: [...this.totals.rows.values()],
      isScoped: this.context.scope !== undefined,
      time,
    };
  }

  /** Judged anew each time: a namespace's name may be learned after its rows. */
  private shown<Row extends AnyRow>(rows: Iterable<Row>): Row[] {
    const { scope } = this.context;
    return scope === undefined ? [...rows] : [...rows].filter((row) => scope.shows(row));
  }

  private overflowPerSec(time: number): Map<string, number> {
    const grown = new Map<string, number>();
    for (const { key, timeWaitOverflow } of this.shown(this.totals.rows.values())) {
      if (timeWaitOverflow === null) continue;
      grown.set(key, this.overflows.perSecond(key, [timeWaitOverflow], time)?.[0] ?? 0);
    }
    this.overflows.prune(time);
    return grown;
  }
}

/** Rows made anew each time, and which changed since the changes were last taken. */
class Rows<Row extends { key: string }> {
  private texts = new Map<string, string>();
  private rows = new Map<string, Row>();
  private readonly changed = new Set<string>();

  replace(rows: readonly Row[]): void {
    const texts = new Map(rows.map((row) => [row.key, JSON.stringify(row)]));
    for (const [key, text] of texts) if (this.texts.get(key) !== text) this.changed.add(key);
    for (const key of this.texts.keys()) if (!texts.has(key)) this.changed.add(key);
    this.texts = texts;
    this.rows = new Map(rows.map((row) => [row.key, row]));
  }

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  take(): Changes<Row> {
    const keys = [...this.changed];
    this.changed.clear();
    const set = keys.flatMap((key) => this.rows.get(key) ?? []);
    return { set, del: keys.filter((key) => !this.rows.has(key)) };
  }
}
