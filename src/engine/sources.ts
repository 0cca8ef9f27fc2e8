/**
 * The engine's tables as publish and the diagnosis collect them: always up to date with the ring, and without the fields that
 * only events fill where there are none. In: the tables. Out: sources of rows.
 */
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Namespace } from '../aggregate/model/namespace.js';
import { UNSEEN, withoutEvents } from '../aggregate/reconcile/polled-owners.js';
import { BudgetSource } from '../aggregate/rows/budget-source.js';
import { FailureSource } from '../aggregate/rows/failure-source.js';
import { FlowSource } from '../aggregate/rows/flow-source.js';
import type { EventCounts } from '../aggregate/rows/totals-row.js';
import { TotalsSource } from '../aggregate/rows/totals-source.js';
import type { RowOf, TableTopic } from '../protocol/frames.js';
import type { Source, TableSource } from '../protocol/source.js';

export type MeasuredTables = Required<Pick<Source['tables'], 'flows' | 'budgets' | 'failures' | 'totals'>>;

export interface SourcesContext {
  readonly aggregator: Aggregator;
  /** There are no events: what only they fill is unknown. */
  readonly polling: boolean;
  readonly nameOf: (namespace: Namespace) => string | null;
  readonly counts: () => EventCounts;
  /** Brings the tables up to date with everything that has happened until now. */
  readonly catchUp: () => void;
}

export function measuredTables({
  aggregator,
  polling,
  nameOf,
  counts,
  catchUp,
}: SourcesContext): MeasuredTables {
  const upToDate = <T extends TableTopic>(
    source: TableSource<T>,
    unseen: Partial<RowOf<T>>,
  ): TableSource<T> => {
    const known = polling ? withoutEvents(source, unseen) : source;
    return {
      collect(now) {
        catchUp();
        return known.collect(now);
      },
    };
  };
  return {
    flows: upToDate(new FlowSource(aggregator), UNSEEN.flows),
    budgets: upToDate(new BudgetSource(aggregator), UNSEEN.budgets),
    failures: upToDate(new FailureSource(aggregator), {}),
    totals: upToDate(new TotalsSource(aggregator, nameOf, counts), UNSEEN.totals),
  };
}
