/**
 * The pipeline without its surfaces: tracer → bytes → events → tables → diagnosis. START HERE to see the way of an event;
 * src/service puts HTTP and WebSocket in front of it. In: options. Out: a Source, for the server or for one command.
 */
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { History } from '../aggregate/history/history.js';
import { HistoryRecorder } from '../aggregate/history/history-recorder.js';
import { Aggregator } from '../aggregate/ingest/aggregator.js';
import { EventTap } from '../aggregate/ingest/event-tap.js';
import type { ProcessContext } from '../aggregate/model/process.js';
import { Naming } from '../aggregate/peers/naming.js';
import { Peers } from '../aggregate/peers/peers.js';
import { OverflowCounters } from '../aggregate/reconcile/overflow-counters.js';
import { PolledOwners } from '../aggregate/reconcile/polled-owners.js';
import { Reconciler } from '../aggregate/reconcile/reconciler.js';
import { allHoldersOf } from '../aggregate/rows/budget-row.js';
import { flowDetail } from '../aggregate/rows/flow-detail.js';
import { portMap } from '../aggregate/rows/port-map.js';
import { portUse } from '../aggregate/rows/port-use.js';
import { StandingCensus } from '../aggregate/rows/standing.js';
import { HostsFiles } from '../capture/hosts-files.js';
import type { NativeAddon, NativeSocketDumper, NativeTracer } from '../capture/native.js';
import { RingDrain } from '../capture/ring-drain.js';
import { readSeeds } from '../capture/seeds.js';
import { Batch } from '../decode/batch.js';
import { Decoder } from '../decode/decoder.js';
import { CGROUP_OF_V1 } from '../decode/layout.js';
import { Diagnosis } from '../diagnose/diagnosis.js';
import type { Scope } from '../diagnose/types.js';
import type { IncidentRow } from '../protocol/rows.js';
import type { Health, Source } from '../protocol/source.js';
import { userName } from '../system/accounts.js';
import { Cgroups } from '../system/cgroup.js';
import { bootClock } from '../system/clock.js';
import type { ContainerNames } from '../system/containers/names.js';
import { ContainerHosts } from '../system/destinations/container-hosts.js';
import { SystemNames } from '../system/destinations/names.js';
import { SocketHolders } from '../system/holders.js';
import { readKernelFacts } from '../system/kernel.js';
import { NetworkNamespaces } from '../system/netns.js';
import { partOf } from '../system/parse/container.js';
import { readAncestorFiles, readAncestors } from '../system/proc.js';
import { Runtimes } from '../system/runtimes.js';
import { openAddon } from './addon.js';
import { type ContainerOptions, Containers } from './containers/containers.js';
import { DumpReader } from './dump-reader.js';
import { healthOf } from './health.js';
import { LossRecovery } from './loss-recovery.js';
import { LostExits } from './lost-exits.js';
import { moment, PACE } from './moment.js';
import { ProcessFactsReader } from './process-facts.js';
import { ReconcileLoop } from './reconcile-loop.js';
import { Continuity } from './restart/continuity.js';
import type { StateDirectory } from './restart/state-directory.js';
import { SettingsLoop } from './settings-loop.js';
import { measuredTables } from './sources.js';
import { openTracing, type TracingMode, type TracingOptions } from './tracing-mode.js';

const BATCH_BYTES = 256 * 1024;
const SEED_BYTES = 64 * 1024;
const HOUSEKEEPING_MS = 1000;

export interface EngineOptions extends TracingOptions, ContainerOptions {
  redact: boolean;
  /** What the diagnosis speaks of; the tables have everything. Absent: the whole machine. */
  scope?: Scope | undefined;
  /** For what outlives a restart. */
  state?: StateDirectory | undefined;
  /** An incident came into another state, or became critical. */
  entered?: ((incident: IncidentRow) => void) | undefined;
}

export interface Engine {
  readonly source: Source;
  readonly host: string;
  /** uname -r */
  readonly kernel: string;
  /** The callback runs at most once, when the tracer cannot go on. */
  onFatal(callback: (error: Error) => void): void;
  stop(): Promise<void>;
}

/** Errors: ADDON_MISSING, ADDON_STALE, NOT_PERMITTED, LOCKDOWN, NO_BTF, KERNEL_TOO_OLD, BPF_FAILED. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const addon = openAddon();
  const engine = new TracingEngine(openTracing(addon, options), addon, options);
  await engine.seed();
  return engine;
}

class TracingEngine implements Engine {
  readonly source: Source;
  readonly host = hostname();
  readonly kernel: string;
  private readonly namespaces = new NetworkNamespaces();
  private readonly containers: Containers;
  private readonly aggregator: Aggregator;
  private readonly decoder = new Decoder(new Batch(BATCH_BYTES));
  private readonly ring: RingDrain;
  private readonly tap: EventTap;
  private readonly processFacts: ProcessFactsReader;
  /** Null: in a pid namespace of our own the pids that the kernel's programs give are other processes, or none. */
  private readonly lostExits: LostExits | null;
  private readonly recorder: HistoryRecorder;
  private readonly recovery: LossRecovery;
  private readonly audits: ReconcileLoop;
  private readonly settings: SettingsLoop;
  private readonly peers: Peers;
  /** Null: names are hidden. */
  private readonly naming: Naming | null;
  private readonly diagnosis: Diagnosis;
  /** Null: a restart forgets everything. */
  private readonly continuity: Continuity | null;
  private readonly housekeeping: NodeJS.Timeout;
  private readonly startedAt = moment().ms;
  private readonly tracer: NativeTracer;
  private readonly log: Logger;
  private readonly polling: boolean;
  private fatal: ((error: Error) => void) | null = null;
  private running = true;

  constructor(
    private readonly mode: TracingMode,
    addon: Pick<NativeAddon, 'openSocketDumper' | 'openHostsReader'>,
    options: EngineOptions,
  ) {
    this.tracer = mode.tracer;
    this.log = options.log;
    this.polling = mode.mode === 'polling';
    const hosts = options.redact ? null : containerHosts(addon);
    this.containers = new Containers(options, this.log, hosts);
    this.aggregator = new Aggregator(processContext(options.redact, this.containers.names));
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
    this.peers = new Peers(this.aggregator, options.filter === undefined);
    this.naming = hosts && new Naming(this.aggregator, new SystemNames(hosts));
    const overflow = new OverflowCounters(this.aggregator);
    const history = new History(moment());
    this.processFacts = new ProcessFactsReader(this.aggregator);
    const { release, initialPidNamespace } = readKernelFacts();
    this.kernel = release;
    this.lostExits = this.polling || initialPidNamespace ? new LostExits(this.aggregator) : null;
    this.recorder = new HistoryRecorder(this.aggregator, history);
    this.recovery = new LossRecovery(this.tracer, this.aggregator, overflow, history, this.log);
    this.tap = new EventTap(this.tracer, this.aggregator);
    this.ring = this.openRing();
    this.audits = this.openAudits(addon.openSocketDumper(), overflow);
    this.settings = this.openSettings(addon.openSocketDumper());
    this.diagnosis = this.openDiagnosis(options);
    this.source = this.openSource(options.redact);
    this.continuity =
      options.state === undefined
        ? null
        : new Continuity(options.state, this.diagnosis, this.aggregator, this.log);
    this.continuity?.restore(Date.now());
    this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
    this.ring.start();
  }

  /** Gives owners to what was open before. The announcements of their processes are in the ring, so that is drained first. */
  async seed(): Promise<void> {
    const decoder = new Decoder(new Batch(SEED_BYTES));
    await readSeeds(this.tracer, decoder.batch.u8, (bytes) => {
      this.ring.flush();
      decoder.decode(bytes, this.aggregator);
    });
    await this.audits.start();
    this.settings.start();
  }

  onFatal(callback: (error: Error) => void): void {
    this.fatal = callback;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    this.running = false;
    this.continuity?.end(Date.now());
    this.ring.stop();
    clearInterval(this.housekeeping);
    this.audits.stop();
    this.settings.stop();
    this.containers.stop();
    this.processFacts.close();
    this.tracer.close();
  }

  private openRing(): RingDrain {
    return new RingDrain(
      this.tracer,
      this.decoder.batch.u8,
      (bytes) => this.take(bytes),
      (error) => this.fail(error),
      () => this.aggregator.observer === null,
    );
  }

  private openAudits(dumper: NativeSocketDumper, overflow: OverflowCounters): ReconcileLoop {
    const catchUp = () => this.catchUp();
    const owners = new PolledOwners(this.aggregator);
    const holders = new SocketHolders((gone) => owners.exit(gone, moment().ms * 1e6));
    const holderOf = (inode: number) => {
      const holder = inode === 0 ? null : holders.of(inode);
      return holder && owners.of(holder);
    };
    return new ReconcileLoop(
      new DumpReader(dumper, catchUp),
      new Reconciler(this.aggregator, overflow, this.polling ? holderOf : undefined),
      this.aggregator,
      this.namespaces,
      catchUp,
      this.log,
      this.polling ? () => holders.scan() : null,
    );
  }

  private openSettings(dumper: NativeSocketDumper): SettingsLoop {
    const { namespaces } = this.aggregator;
    return new SettingsLoop(new DumpReader(dumper), namespaces, this.namespaces, this.log);
  }

  private openDiagnosis({ scope, entered }: EngineOptions): Diagnosis {
    const { aggregator, polling } = this;
    const tables = measuredTables({
      aggregator,
      polling,
      nameOf: ({ inode, cookie }) => this.namespaces.nameOf(inode, cookie),
      counts: () => ({ seen: this.recovery.stats.events, lost: this.recovery.losses }),
      catchUp: () => this.beforeCollect(),
    });
    const standing = new StandingCensus(aggregator);
    const runtimes = new Runtimes();
    return new Diagnosis(tables, {
      standing: (now) => standing.at(now),
      runtimeOf: (process) => runtimes.of(process),
      portsOf: (netnsId) => portUse(aggregator.namespaces, netnsId),
      holdersOf: (key) => {
        const budget = aggregator.budgets.find(key);
        return budget && allHoldersOf(budget, aggregator.flows);
      },
      failed: (error) => this.log.error({ err: error }, 'the diagnosis failed: findings are old'),
      entered: (incident) => {
        const { key, state, severity, title } = incident;
        this.log.info({ incident: key, state, severity }, `incident ${state}, ${severity}: ${title}`);
        this.continuity?.note();
        entered?.(incident);
      },
      pace: PACE,
      scope,
    });
  }

  /** All that a source can have: a new member is forgotten nowhere. */
  private openSource(redact: boolean): Required<Source> {
    const relations = { userName, ancestors: redact ? readAncestorFiles : readAncestors };
    return {
      tables: this.diagnosis.tables,
      events: this.tap,
      history: this.diagnosis.historyOf(this.recorder),
      ports: {
        has: (budget) => this.aggregator.budgets.find(budget) !== null,
        map: (budget, now) => portMap(this.aggregator, budget, now),
      },
      flowDetail: (key, now) => flowDetail(this.aggregator, key, this.secondAt(now), relations),
      change: (budget, wanted) => this.diagnosis.change(budget, wanted),
      connectDurations: () => this.aggregator.connections.connectDurations.snapshot(),
      eventsSeen: () => this.recovery.stats.events,
      containerNamesEvicted: () => this.containers.evicted,
      health: () => this.health(),
    };
  }

  /** One batch, from bytes to tables. */
  private take(bytes: number): void {
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
    this.decoder.decode(bytes, this.aggregator);
    this.tap.flush();
    this.processFacts.request();
  }

  /** Once a second: clocks, history, losses, diagnosis. */
  private keepHouse(): void {
    try {
      this.readClock();
      this.recorder.record(moment());
      const lost = this.recovery.recover();
      this.tap.lost(lost);
      this.processFacts.request();
      this.peers.tick(moment().ms * 1e6, lost > 0);
      this.naming?.tick();
      this.containers.tick(this.aggregator);
      this.lostExits?.tick().catch((error) => this.fail(error as Error));
      this.diagnosis.tick(Date.now());
      this.continuity?.tick(Date.now());
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** All that happened until now, also what the ring had no room for: else an audit would count a lost close again. */
  private catchUp(): void {
    this.ring.flush();
    this.tap.lost(this.recovery.recover());
    this.processFacts.request();
  }

  /**
   * Reads the wall clock first: one that was set a moment ago must not look like an hour that has passed. A close must not be
   * shown without its open, which may wait in the overflow counters.
   */
  private beforeCollect(): void {
    this.readClock();
    if (this.running) this.catchUp();
  }

  private readClock(): void {
    bootClock.sample();
    this.aggregator.unixMsAtZero = bootClock.unixMsAtZero;
  }

  private fail(error: Error): void {
    this.log.fatal({ err: error }, 'the tracer stopped');
    void this.stop();
    this.fatal?.(error);
  }

  /** Of the events' clock. */
  private secondAt(unixMs: number): number {
    return Math.floor((unixMs - this.aggregator.unixMsAtZero) / 1000);
  }

  private health(): Health | null {
    if (!this.running) return null;
    const health = healthOf(this.mode, this.recovery.losses, this.aggregator, this.namespaces, {
      nowMs: moment().ms,
      startedAt: this.startedAt,
      lossTimes: this.recovery.times,
    });
    return { ...health, problems: [...health.problems, ...this.containers.problems()] };
  }
}

function containerHosts(addon: Pick<NativeAddon, 'openHostsReader'>): ContainerHosts {
  const files = new HostsFiles(addon.openHostsReader());
  return new ContainerHosts((pid, known) => files.read(pid, known));
}

function processContext(redact: boolean, names: ContainerNames): ProcessContext {
  const cgroups = new Cgroups();
  return {
    startTimeMs: (ticks) => bootClock.startTimeMs(ticks),
    // Only the tree of version 2 is scanned.
    cgroupPath: (id) => (id < CGROUP_OF_V1 ? cgroups.path(id) : cgroups.known(id)),
    cgroupSeen: (id, path) => {
      const { container } = partOf(path);
      cgroups.know(id, id < CGROUP_OF_V1 || container !== null ? path : '/');
      // Its runtime may forget it with its last process.
      if (container !== null) names.of(container);
    },
    containerFacts: (container) => names.of(container),
    partOf,
    selfPid: process.pid,
    redact,
  };
}
