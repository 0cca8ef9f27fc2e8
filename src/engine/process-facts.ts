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
    const { processes } = this.aggregator;
    for (const process of processes.takeWanted()) {
      if (process.pid === null) continue;
      const isQueued = this.queue.request(process.pid, process.startTicks, (facts) => {
        processes.complete(process, facts);
        this.aggregator.touchRows(process);
      });
      if (!isQueued) process.completed = true;
    }
  }

  close(): void {
    this.queue.close();
  }
}
