/**
 * Once a second, what the history notes beside its columns: the first failure of a kind, starts and exits of the
 * processes that hold many ports of a budget, changed settings. In: the tables. Out: annotations.
 */

import { portLimit } from '../../forecast/port-range.js';
import type { AnnotationSubject } from '../../protocol/history.js';
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Aggregator } from '../ingest/aggregator.js';
import type { Budget } from '../model/budget.js';
import { destinationText } from '../model/destination.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { History, Moment } from './history.js';

/** A failure after this long without one of its kind is a first one again, ms. */
const QUIET_MS = 60_000;
/** An owner with this share of a budget, and no fewer ports than this, is annotated: short-lived processes hold one port each. */
const HOLDER_SHARE = 0.05;
const HOLDER_PORTS = 50;
/** First failures noted in one second: each is compared with all notes, and no more are read. */
const FAILURES_PER_SECOND = 50;
/** Processes whose exit is waited for. */
const MAX_RUNNING = 1000;

interface Seen {
  count: number;
  ms: number;
}

interface Held {
  key: string;
  about: AnnotationSubject;
}

export class Annotator {
  private readonly settings = new WeakMap<Namespace, Settings>();
  private readonly failures = new WeakMap<Budget, Map<string, Seen>>();
  /** Of FAILURES_PER_SECOND. */
  private failuresLeft = 0;
  private readonly noted = new WeakSet<Owner>();
  /** Those noted that run, each with the budget it was noted for. */
  private readonly running = new Map<Owner, Held>();

  constructor(
    private readonly aggregator: Aggregator,
    private readonly history: History,
  ) {}

  take(now: Moment): void {
    this.failuresLeft = FAILURES_PER_SECOND;
    for (const namespace of this.aggregator.namespaces.all()) this.noteSettings(namespace, now);
    for (const budget of this.aggregator.budgets.all()) {
      if (budget.failuresByErrno !== null) this.noteFailures(budget, budget.failuresByErrno, now);
      this.noteHolders(budget, now);
    }
    this.noteExits(now);
  }

  private noteFailures(budget: Budget, counts: ReadonlyMap<string, number>, { ms }: Moment): void {
    const seen = this.failures.get(budget) ?? new Map<string, Seen>();
    this.failures.set(budget, seen);
    for (const [errno, count] of counts) {
      const before = seen.get(errno);
      if (before !== undefined && count <= before.count) continue;
      seen.set(errno, { count, ms });
      if ((before !== undefined && ms - before.ms < QUIET_MS) || this.failuresLeft === 0) continue;
      this.failuresLeft -= 1;
      const text = `${errno} to ${destinationText(budget.destination)}`;
      this.history.annotate(ms, 'first-failure', text, budget.key, { ...aboutOf(budget), errno });
    }
  }

  private noteHolders(budget: Budget, now: Moment): void {
    const { sysctls } = budget.namespace;
    const limit = sysctls === null ? null : portLimit(sysctls);
    const many = Math.max(HOLDER_PORTS, (limit ?? Number.POSITIVE_INFINITY) * HOLDER_SHARE);
    if (budget.used < many) return;
    for (const [flow, ports] of budget.holders) {
      const { owner } = this.aggregator.flows.at(flow);
      if (ports < many || owner.pid === null || this.noted.has(owner)) continue;
      if (this.running.size < MAX_RUNNING) this.noteStart(owner, budget, now);
    }
  }

  /** It may have started long before it held anything. */
  private noteStart(owner: Owner, budget: Budget, { ms, unixMs }: Moment): void {
    this.noted.add(owner);
    const { key } = budget;
    const about = aboutOf(budget);
    this.running.set(owner, { key, about });
    const process = owner.info();
    if (process.startTime === null) return;
    const at = ms + process.startTime - unixMs;
    this.history.annotate(at, 'process-start', nameOf(process), key, { ...about, process });
  }

  private noteExits({ ms }: Moment): void {
    for (const [owner, { key, about }] of this.running) {
      const process = owner.info();
      if (process.exited !== true) continue;
      this.running.delete(owner);
      this.history.annotate(ms, 'process-exit', nameOf(process), key, { ...about, process });
    }
  }

  private noteSettings(namespace: Namespace, { ms }: Moment): void {
    const settings = settingsOf(namespace);
    const before = this.settings.get(namespace);
    if (settings === null) return;
    this.settings.set(namespace, settings);
    const changed = Object.keys(settings).filter((name) => before && before[name] !== settings[name]);
    if (changed.length === 0) return;
    const words = changed.map((name) => `${name} ${before?.[name]} → ${settings[name]}`);
    this.history.annotate(
      ms,
      'sysctl-change',
      `${words.join(', ')} (netns ${namespace.inode})`,
      `${namespace.key}/`,
      { netns: namespace.inode, netnsId: namespace.key },
    );
  }
}

export const aboutOf = ({ namespace, destination }: Budget): AnnotationSubject => ({
  netns: namespace.inode,
  netnsId: namespace.key,
  direction: 'out',
  destination: { address: destination.address, port: destination.port },
});

function nameOf({ name, pid }: ProcessInfo): string {
  return `${name ?? '?'} (pid ${pid})`;
}

type Settings = Readonly<Record<string, string>>;

function settingsOf({ sysctls }: Namespace): Settings | null {
  if (sysctls === null) return null;
  const { portRange, reservedPorts, tcpTwReuse, tcpTimestamps, tcpMaxTwBuckets } = sysctls;
  const settings = {
    ip_local_port_range: portRange?.join('-'),
    reserved: reservedPorts,
    tcp_tw_reuse: tcpTwReuse,
    tcp_timestamps: tcpTimestamps,
    tcp_max_tw_buckets: tcpMaxTwBuckets,
  };
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value ?? '?')]));
}
