/**
 * The pipeline without its surfaces: tracer → batches → events → tables. Used by the service, and by commands that trace
 * by themselves. START HERE to see the way of an event; src/service.ts puts HTTP and WebSocket in front.
 */
import { hostname } from 'node:os';
import { History, type Moment } from '../aggregate/history/history.js';
import { HistoryRecorder } from '../aggregate/history/history-recorder.js';
import { Aggregator } from '../aggregate/ingest/aggregator.js';
import { EventTap } from '../aggregate/ingest/event-tap.js';
import type { ProcessContext } from '../aggregate/model/process.js';
import { OverflowCounters } from '../aggregate/reconcile/overflow-counters.js';
import { PolledOwners, UNSEEN, withoutEvents } from '../aggregate/reconcile/polled-owners.js';
import { Reconciler } from '../aggregate/reconcile/reconciler.js';
import { flowDetail } from '../aggregate/rows/flow-detail.js';
import { BudgetSource, FailureSource, FlowSource, TotalsSource } from '../aggregate/rows/sources.js';
import { StandingCensus } from '../aggregate/rows/standing.js';
import { loadAddon } from '../capture/load-addon.js';
import type { NativeSocketDumper, NativeTracer, TracerStats } from '../capture/native.js';
import { RingDrain } from '../capture/ring-drain.js';
import { readSeeds } from '../capture/seeds.js';
import { SocketDumper } from '../capture/socket-dumper.js';
import { Batch } from '../decode/batch.js';
import { Decoder } from '../decode/decoder.js';
import { Diagnosis } from '../diagnose/diagnosis.js';
import type { RowOf, TableTopic } from '../protocol/frames.js';
import type { Health, Source, TableSource } from '../protocol/source.js';
import { Cgroups } from '../system/cgroup.js';
import { bootClock } from '../system/clock.js';
import { SocketHolders } from '../system/holders.js';
import { IdentityQueue } from '../system/identity.js';
import { readKernelFacts } from '../system/kernel.js';
import { NetworkNamespaces } from '../system/netns.js';
import { readAncestors } from '../system/proc.js';
import { Runtimes } from '../system/runtimes.js';
import { unitOf } from '../system/unit.js';
import { userName } from '../system/users.js';
import { healthOf } from './health.js';
import { type Losses, LossTimes, lossesOf } from './losses.js';
import { ReconcileLoop } from './reconcile-loop.js';
import { openTracing, type TracingMode, type TracingOptions } from './tracing-mode.js';

const BATCH_BYTES = 256 * 1024;
const SEED_BYTES = 64 * 1024;
const OVERFLOW_BYTES = 512 * 1024;
const HOUSEKEEPING_MS = 1000;
const RELATIONS = { userName, ancestors: readAncestors };

export interface EngineOptions extends TracingOptions {
  redact: boolean;
}

export interface Engine {
  readonly source: Source;
  readonly host: string;
  /** uname -r */
  readonly kernel: string;
  /** Called at most once, when the tracer cannot go on. */
  onFatal(callback: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** Errors: ADDON_MISSING, ADDON_STALE, NOT_PERMITTED, LOCKDOWN, NO_BTF, KERNEL_TOO_OLD, BPF_FAILED. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const addon = loadAddon();
  const engine = new TracingEngine(openTracing(addon, options), addon.openSocketDumper(), options);
  await engine.seed();
  return engine;
}

class TracingEngine implements Engine {
  readonly source: Source;
  readonly host = hostname();
  readonly kernel = readKernelFacts().release;
  private readonly cgroups = new Cgroups();
  private readonly namespaces = new NetworkNamespaces();
  private readonly identities = new IdentityQueue();
  private readonly aggregator: Aggregator;
  private readonly decoder = new Decoder(new Batch(BATCH_BYTES));
  private readonly pump: RingDrain;
  private readonly tap: EventTap;
  private readonly folds: OverflowCounters;
  private readonly historyFeed: HistoryRecorder;
  private readonly audits: ReconcileLoop;
  private readonly diagnosis: Diagnosis;
  private readonly foldBatch = new Batch(OVERFLOW_BYTES);
  private readonly housekeeping: NodeJS.Timeout;
  private stats: TracerStats;
  private readonly startedAt = moment().ms;
  private readonly lossTimes = new LossTimes();
  private readonly tracer: NativeTracer;
  private readonly polling: boolean;
  private fatal: ((error: Error) => void) | null = null;
  private running = true;

  constructor(
    private readonly sight: TracingMode,
    auditor: NativeSocketDumper,
    private readonly options: EngineOptions,
  ) {
    const { tracer, mode } = sight;
    this.tracer = tracer;
    this.polling = mode === 'polling';
    this.aggregator = new Aggregator(this.surroundings());
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
    this.folds = new OverflowCounters(this.aggregator);
    this.historyFeed = new HistoryRecorder(this.aggregator, new History(moment()));
    this.stats = tracer.stats();
    this.tap = new EventTap(tracer, this.aggregator);
    this.pump = new RingDrain(
      tracer,
      this.decoder.batch,
      (bytes) => this.take(bytes),
      (error) => this.fail(error),
      () => this.aggregator.observer === null,
    );
    const flush = () => this.catchUp();
    const owners = new PolledOwners(this.aggregator);
    const holders = new SocketHolders((gone) => owners.exit(gone, moment().ms * 1e6));
    const holderOf = (inode: number) => {
      const holder = inode === 0 ? null : holders.of(inode);
      return holder && owners.of(holder);
    };
    const join = new Reconciler(this.aggregator, this.folds, this.polling ? holderOf : undefined);
    const { log } = this.options;
    this.audits = new ReconcileLoop(
      new SocketDumper(auditor, flush),
      join,
      this.aggregator,
      this.namespaces,
      flush,
      log,
      this.polling ? () => holders.scan() : null,
    );
    this.diagnosis = this.makeDiagnosis();
    this.source = this.makeSource();
    this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
    this.pump.start();
  }

  /** Gives owners to what was open before. Their announcements are in the ring, so that goes first. */
  async seed(): Promise<void> {
    const decoder = new Decoder(new Batch(SEED_BYTES));
    await readSeeds(this.tracer, decoder.batch, (bytes) => {
      this.pump.flush();
      decoder.decode(bytes, this.aggregator);
    });
    await this.audits.start();
  }

  onFatal(callback: (error: Error) => void): void {
    this.fatal = callback;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.pump.stop();
    clearInterval(this.housekeeping);
    this.audits.stop();
    this.identities.close();
    this.tracer.close();
  }

  /** One batch, from bytes to tables. */
  private take(bytes: number): void {
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
    this.decoder.decode(bytes, this.aggregator);
    this.tap.flush();
    this.askIdentities();
  }

  private askIdentities(): void {
    const { processes } = this.aggregator;
    for (const process of processes.takeWanted()) {
      if (process.pid === null) continue;
      const asked = this.identities.request(process.pid, process.startTicks, (facts) => {
        processes.complete(process, facts);
        this.aggregator.touchRows(process);
      });
      if (!asked) process.completed = true;
    }
  }

  /** Once a second: clocks, counters, and what the ring had no room for. */
  private keepHouse(): void {
    try {
      this.readClock();
      this.historyFeed.record(moment());
      this.takeLost();
      this.diagnosis.tick(Date.now());
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** All that happened until now, also what the ring had no room for: else an audit would count a lost close again. */
  private catchUp(): void {
    this.pump.flush();
    this.takeLost();
    this.askIdentities();
  }

  private takeLost(): void {
    this.stats = this.tracer.stats();
    const { ms } = moment();
    const lost = this.lossTimes.note(this.losses(), ms);
    if (lost > 0) this.takeFolds(lost, ms);
  }

  private takeFolds(lost: number, nowMs: number): void {
    this.historyFeed.history.annotate(nowMs, 'events-lost', `${lost} events had no room in the ring`);
    this.options.log.warn({ lost }, 'the event ring was full: counts stay exact, details were lost');
    this.folds.apply(this.foldBatch, this.tracer.overflowCounters(this.foldBatch.u8));
    this.takeOwners();
  }

  private takeOwners(): void {
    let bytes: number;
    do {
      bytes = this.tracer.takeLostOwners(this.foldBatch.u8);
      this.aggregator.lost.take(this.foldBatch, bytes);
    } while (bytes > this.foldBatch.u8.length / 2);
    this.askIdentities();
  }

  private fail(error: Error): void {
    this.options.log.fatal({ err: error }, 'the tracer stopped');
    void this.stop();
    this.fatal?.(error);
  }

  private surroundings(): ProcessContext {
    return {
      startTimeMs: (ticks) => bootClock.startTimeMs(ticks),
      cgroupPath: (id) => this.cgroups.path(id),
      unitOf,
      selfPid: process.pid,
      redact: this.options.redact,
    };
  }

  /** Up to date; without events, what only they tell is unknown. */
  private seen<T extends TableTopic>(source: TableSource<T>, unseen: Partial<RowOf<T>>): TableSource<T> {
    return this.upToDate(this.polling ? withoutEvents(source, unseen) : source);
  }

  private makeDiagnosis(): Diagnosis {
    const counts = () => {
      const { ring, missed } = this.losses();
      return { seen: this.stats.events, lost: ring, missed };
    };
    const nameOf = (inode: number) => this.namespaces.nameOf(inode);
    const sources = {
      flows: this.seen(new FlowSource(this.aggregator), UNSEEN.flows),
      budgets: this.seen(new BudgetSource(this.aggregator), UNSEEN.budgets),
      failures: this.seen(new FailureSource(this.aggregator, counts), {}),
      totals: this.seen(new TotalsSource(this.aggregator, nameOf, counts), UNSEEN.totals),
    };
    const standing = new StandingCensus(this.aggregator);
    const runtimes = new Runtimes();
    return new Diagnosis(sources, {
      standing: (now) => standing.at(now),
      runtimeOf: (process) => runtimes.of(process),
      failed: (error) => this.options.log.error({ err: error }, 'the diagnosis failed: findings are old'),
    });
  }

  /**
   * Whoever collects reads the wall clock: one that was set a moment ago must not look like an hour that has passed. Nor may a
   * close be shown without its open, which waits in the folds.
   */
  private upToDate<T extends TableTopic>(source: TableSource<T>): TableSource<T> {
    const collect = (now: number) => {
      this.readClock();
      if (this.running) this.catchUp();
      return source.collect(now);
    };
    return { collect };
  }

  private readClock(): void {
    bootClock.sample();
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
  }

  private makeSource(): Source {
    return {
      tables: this.diagnosis.tables,
      events: this.tap,
      history: this.historyFeed,
      flowDetail: (key, now) => flowDetail(this.aggregator, key, this.secondAt(now), RELATIONS),
      connectDurations: () => this.aggregator.connections.connectDurations.snapshot(),
      eventsSeen: () => this.stats.events,
      health: () => this.health(),
    };
  }

  /** Of the events' clock. */
  private secondAt(unixMs: number): number {
    return Math.floor((unixMs - this.aggregator.unixMsAtZero) / 1000);
  }

  private losses(): Losses {
    return lossesOf(this.stats, this.aggregator.missedCloses.count);
  }

  private health(): Health | null {
    if (!this.running) return null;
    const { ms } = moment();
    return healthOf(this.sight, this.losses(), this.aggregator.namespaces, {
      nowMs: ms,
      startedAt: this.startedAt,
      lossTimes: this.lossTimes,
    });
  }
}

function moment(): Moment {
  const ms = Number(process.hrtime.bigint()) / 1e6;
  return { ms, unixMs: bootClock.unixMsAtZero + ms };
}
