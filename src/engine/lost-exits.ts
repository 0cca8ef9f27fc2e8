/**
 * Processes whose exit no event told: the ring was full, or the kernel hid it (docs/decisions/hidden-tasks.md). In: the process
 * table, which believes that they run. Out: their exit, in that table. All of it is compared with /proc in turn, a slice at each tick,
 * so that a tick costs the same on every machine.
 */
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { Process } from '../aggregate/model/process.js';
import { hasEnded } from '../system/proc.js';
import { inSlices } from '../system/slices.js';
import { moment } from './moment.js';

/** Ticks in which each process is looked at once. */
const TICKS = 30;
/** A small table is gone through in fewer. */
const LEAST = 32;

export class LostExits {
  private busy = false;

  constructor(
    private readonly aggregator: Aggregator,
    private readonly ended = hasEnded,
  ) {}

  /** Nothing while the slice of the last tick is still being compared. */
  async tick(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await inSlices(this.compare());
    } finally {
      this.busy = false;
    }
  }

  private *compare(): Generator<void> {
    const { processes } = this.aggregator;
    for (const process of processes.nextRunning(Math.max(LEAST, Math.ceil(processes.size / TICKS)))) {
      if (this.hasEnded(process)) this.aggregator.exit({ id: process.id, timeNs: moment().ms * 1e6 });
      yield;
    }
  }

  /** The parent of the first process has the pid 0, which is not one. */
  private hasEnded({ pid, startTicks }: Process): boolean {
    return pid !== null && pid > 0 && this.ended(pid, startTicks);
  }
}
