/**
 * The aggregator's tables as publish wants them: on each tick, the rows that changed. A flow whose rates still move is
 * sent again until they are still.
 */
import type { Changes, TableSource } from '../publish/source.js';
import type { FlowRow, TotalsRow } from '../protocol/rows.js';
import type { Aggregator } from './aggregator.js';
import type { Flow } from './flow.js';
import { type EventCounts, flowRow, totalsRow } from './rows.js';

export class FlowSource implements TableSource<'flows'> {
  private hot: Flow[] = [];

  constructor(private readonly aggregator: Aggregator) {}

  collect(now: number): Changes<FlowRow> {
    const { flows, dead, unixMsAtZero } = this.aggregator;
    dead.settle(now);
    const second = Math.floor((now - unixMsAtZero) / 1000);
    for (const flow of this.hot) flows.touch(flow);
    const changed = flows.takeDirty();
    this.hot = changed.filter((flow) => this.keepsMoving(flow, second));
    return { set: changed.map((flow) => flowRow(flow, second)), del: flows.takeGone() };
  }

  private keepsMoving(flow: Flow, second: number): boolean {
    if (flow.rates.isActive(second)) return true;
    this.aggregator.rest(flow);
    return false;
  }
}

export class TotalsSource implements TableSource<'totals'> {
  constructor(
    private readonly aggregator: Aggregator,
    private readonly nameOf: (inode: number) => string | null,
    private readonly counts: () => EventCounts,
  ) {}

  collect(now: number): Changes<TotalsRow> {
    const second = Math.floor((now - this.aggregator.unixMsAtZero) / 1000);
    const set: TotalsRow[] = [];
    for (const namespace of this.aggregator.namespaces.all()) {
      set.push(totalsRow(namespace, this.nameOf(namespace.inode), this.counts(), second));
    }
    return { set, del: [] };
  }
}
