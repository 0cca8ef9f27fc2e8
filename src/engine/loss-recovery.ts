/**
 * What becomes of events that found no room in the ring: this is where a lost event becomes visible. In: the kernel's
 * counters, its overflow counters, its records of lost owners. Out: exact totals in the tables, an annotation in the history,
 * a line in the log, rows that say that they may lack some, and the losses that rows, /healthz and metrics show (losses.ts).
 */
import type { Logger } from 'pino';
import type { History } from '../aggregate/history/history.js';
import type { Aggregator } from '../aggregate/ingest/aggregator.js';
import type { OverflowCounters } from '../aggregate/reconcile/overflow-counters.js';
import type { NativeTracer, TracerStats } from '../capture/native.js';
import { Batch } from '../decode/batch.js';
import type { Lost } from '../protocol/rows.js';
import { LossTimes, lossesOf } from './losses.js';
import { moment } from './moment.js';

/** Holds every overflow counter, and many lost owners at once. */
const BUFFER_BYTES = 512 * 1024;

export class LossRecovery {
  readonly times = new LossTimes();
  private readonly batch = new Batch(BUFFER_BYTES);
  private current: TracerStats;
  /** Events of the overflow counters so far. */
  private taken = 0;

  constructor(
    private readonly tracer: NativeTracer,
    private readonly aggregator: Aggregator,
    private readonly overflow: OverflowCounters,
    private readonly history: History,
    private readonly log: Logger,
  ) {
    this.current = tracer.stats();
  }

  /** As of the last recover(). */
  get stats(): TracerStats {
    return this.current;
  }

  get losses(): Lost {
    return lossesOf(this.current, this.aggregator.missedCloses.count);
  }

  /**
   * Reads the counters; takes over what the kernel kept of the events that the ring has lost.
   * @returns how many events found no room since the last call
   */
  recover(): number {
    this.current = settled(this.tracer.stats(), this.current);
    const { ms, unixMs } = moment();
    const { ring, storage } = this.times.note(this.losses, ms);
    if (ring > 0) this.tell(ring, ms);
    if (this.losses.ring > this.taken) this.takeOver();
    if (storage > 0) this.aggregator.doubt(unixMs);
    return ring + storage;
  }

  private tell(lost: number, nowMs: number): void {
    this.history.annotate(nowMs, 'events-lost', `${lost} events had no room in the ring`);
    this.log.warn({ lost }, 'the event ring was full: counts stay exact, details were lost');
  }

  private takeOver(): void {
    this.taken += this.overflow.apply(this.batch, this.tracer.takeOverflowCounters(this.batch.u8));
    this.takeOwners();
  }

  private takeOwners(): void {
    let bytes: number;
    do {
      bytes = this.tracer.takeLostOwners(this.batch.u8);
      this.aggregator.lost.take(this.batch, bytes);
    } while (bytes > this.batch.u8.length / 2);
  }
}

/**
 * The counters are read one after the other while they grow: an event that overflowed twice may be in the second and not yet in the
 * first. What the ring lost alone never shrinks, since it is a metric.
 */
function settled(stats: TracerStats, before: TracerStats): TracerStats {
  const least = before.ringLost + stats.overflowFull - before.overflowFull;
  return { ...stats, ringLost: Math.max(stats.ringLost, least) };
}
