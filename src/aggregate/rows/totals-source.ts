/** The namespace table as publish collects it. In: publish ticks. Out: one row for each living namespace. */
import type { TotalsRow } from '../../protocol/rows.js';
import type { Changes, TableSource } from '../../protocol/source.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Namespace } from '../model/namespace.js';
import { type EventCounts, totalsRow } from './totals-row.js';

export class TotalsSource implements TableSource<'totals'> {
  constructor(
    private readonly aggregator: Aggregator,
    private readonly nameOf: (namespace: Namespace) => string | null,
    private readonly counts: () => EventCounts,
  ) {}

  collect(now: number): Changes<TotalsRow> {
    const { namespaces, unixMsAtZero } = this.aggregator;
    const nowNs = (now - unixMsAtZero) * 1e6;
    const counts = this.counts();
    const set: TotalsRow[] = [];
    for (const namespace of namespaces.all())
      if (namespace.isLiving) set.push(totalsRow(namespace, this.nameOf(namespace), counts, nowNs));
    return { set, del: namespaces.takeGone() };
  }
}
