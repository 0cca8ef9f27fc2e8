/**
 * Once a second, what the history keeps: the totals of all namespaces, and every budget that holds ports; and what
 * happened beside them.
 */

import { portLimit } from '../../forecast/port-range.js';
import type { HistoryBody, NoteOf } from '../../protocol/history.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Budget } from '../model/budget.js';
import type { Shows } from './annotations.js';
import { Annotator, aboutOf } from './annotator.js';
import type { BudgetSample, History, Moment, Sample } from './history.js';
import type { Holding, Holdings } from './owners.js';

export class HistoryRecorder {
  private readonly notes: Annotator;

  constructor(
    private readonly aggregator: Aggregator,
    readonly history: History,
  ) {
    this.notes = new Annotator(aggregator, history);
  }

  record(now: Moment): void {
    this.history.record(now, this.totals(), this.budgets());
    this.notes.take(now);
  }

  /** What publish asks for. Null: there is no such budget, and there was none lately. */
  body(budget: string | null, seconds: number, shows?: Shows, incidentOf?: NoteOf): HistoryBody | null {
    const recorded = this.history.body(budget, seconds, shows, incidentOf);
    if (recorded !== null || budget === null || this.aggregator.budgets.find(budget) === null)
      return recorded;
    return this.history.unrecordedBody(budget, seconds, shows, incidentOf);
  }

  /** Ports have no meaning over namespaces: only what can be added up. */
  private totals(): Sample {
    const failed = new Map<string, number>();
    const total = { limit: null, blocked: null, timeWait: 0, established: 0, other: 0, opened: 0, failed };
    for (const namespace of this.aggregator.namespaces.all()) {
      total.timeWait += namespace.timeWait;
      total.opened += namespace.opened;
      for (const [errno, count] of namespace.failuresByErrno ?? NO_FAILURES)
        failed.set(errno, (failed.get(errno) ?? 0) + count);
    }
    for (const budget of this.aggregator.budgets.all()) {
      total.established += budget.established;
      total.other += budget.other;
    }
    return total;
  }

  private *budgets(): Iterable<BudgetSample> {
    for (const budget of this.aggregator.budgets.all()) yield this.sampleOf(budget);
  }

  private sampleOf(budget: Budget): BudgetSample {
    const { sysctls, blockedPorts } = budget.namespace;
    return {
      key: budget.key,
      limit: sysctls === null ? null : portLimit(sysctls),
      blocked: sysctls === null ? null : Math.max(0, blockedPorts - budget.bound),
      timeWait: budget.timeWait,
      established: budget.established,
      other: budget.other,
      opened: budget.opened,
      failed: budget.failuresByErrno ?? NO_FAILURES,
      owners: () => this.ownersOf(budget),
    };
  }

  private ownersOf(budget: Budget): Holdings {
    const holdings = new Map<string, Holding>();
    for (const [flow, ports] of budget.holders) {
      const { owner } = this.aggregator.flows.at(flow);
      const program = owner.programName() ?? '';
      const known = holdings.get(program);
      if (known === undefined)
        holdings.set(program, { ports, about: { ...aboutOf(budget), process: owner.info() } });
      else known.ports += ports;
    }
    return holdings;
  }
}

const NO_FAILURES: ReadonlyMap<string, number> = new Map();
