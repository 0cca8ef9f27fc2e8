/** The failure table as publish collects it. In: publish ticks. Out: the rows that changed. */

import type { FailureRow } from '../../protocol/rows.js';
import type { Changes, TableSource } from '../../protocol/source.js';
import type { Aggregator } from '../ingest/aggregator.js';
import { secondOf } from '../measure/rates.js';
import type { Failure } from '../model/failure.js';
import { failureRow } from './failure-row.js';

export class FailureSource implements TableSource<'failures'> {
  private hot: Failure[] = [];

  constructor(private readonly aggregator: Aggregator) {}

  collect(now: number): Changes<FailureRow> {
    const { failures, places, unixMsAtZero } = this.aggregator;
    const { table } = failures;
    const [second, passed] = secondOf((now - unixMsAtZero) * 1e6);
    table.release(now);
    for (const failure of this.hot) table.touch(failure);
    const changed = table.takeDirty();
    this.hot = changed.filter(({ rates }) => rates.isActive(second));
    const set = changed.map((failure) => failureRow(failure, second, passed, places));
    return { set, del: table.takeGone() };
  }
}
