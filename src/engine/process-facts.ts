/**
 * Completes processes whose announcement by the kernel is incomplete. In: the process table. Out: facts of
 * /proc in that table, in later turns of the event loop.
 */
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import { IdentityQueue } from '../system/identity.js';

export class ProcessFactsReader {
  private readonly queue = new IdentityQueue();

  constructor(private readonly aggregator: Aggregator) {}

  /** Asks for all that are incomplete now; one that finds no room in the queue keeps its unknown parts. */
  request(): void {
    const { aggregator, queue } = this;
    for (const process of aggregator.processes.takeWanted()) {
      const { pid, startTicks } = process;
      const isQueued =
        pid !== null && queue.request(pid, startTicks, (facts) => aggregator.complete(process, facts));
      if (!isQueued) aggregator.complete(process, null);
    }
  }

  close(): void {
    this.queue.close();
  }
}
