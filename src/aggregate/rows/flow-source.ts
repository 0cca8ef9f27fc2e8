/**
 * The flow table as publish collects it. In: publish ticks. Out: the rows that changed; a flow whose rates still move is sent
 * again until they are still.
 */
import type { FlowRow } from '../../protocol/rows.js';
import type { Changes, TableSource } from '../../protocol/source.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Flow } from '../model/flow.js';
import { flowRow } from './flow-row.js';

export class FlowSource implements TableSource<'flows'> {
  /** Active in the last ten seconds. */
  private hot: Flow[] = [];
  private second = -1;

  constructor(private readonly aggregator: Aggregator) {}

  collect(now: number): Changes<FlowRow> {
    const { flows, dead, unixMsAtZero } = this.aggregator;
    dead.settle(now);
    const second = Math.floor((now - unixMsAtZero) / 1000);
    if (second !== this.second) this.age(second);
    const changed = flows.takeDirty().filter((flow) => !this.dropped(flow));
    for (const flow of changed) if (!flow.hot) this.heat(flow, second);
    return { set: changed.map((flow) => flowRow(flow, second)), del: flows.takeGone() };
  }

  /** Rates are of whole seconds: only with a new one can a row change though nothing happened. */
  private age(second: number): void {
    this.second = second;
    this.hot = this.hot.filter((flow) => this.staysHot(flow, second));
  }

  private staysHot(flow: Flow, second: number): boolean {
    if (!flow.hot || flow.rolledUpInto !== null) return false;
    flow.hot = flow.rates.isActive(second);
    if (flow.ages(second) || !flow.hot) this.aggregator.flows.touch(flow);
    return flow.hot;
  }

  private heat(flow: Flow, second: number): void {
    flow.hot = flow.rates.isActive(second);
    if (flow.hot) this.hot.push(flow);
    else this.aggregator.rest(flow);
  }

  private dropped(flow: Flow): boolean {
    if (!flow.isEmpty) return false;
    this.aggregator.rest(flow);
    this.aggregator.flows.drop(flow);
    flow.hot = false;
    return true;
  }
}
