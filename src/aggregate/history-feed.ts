/**
 * Once a second, what the history keeps: the totals of all namespaces, and every budget that holds ports. Called by the
 * engine. Annotates what changed a namespace.
 */
import type { Aggregator } from './aggregator.js';
import type { Budget } from './budget.js';
import type { BudgetSample, History, Moment, Sample } from './history.js';
import type { Namespace } from './namespace.js';
import { portLimit } from './port-range.js';

export class HistoryFeed {
  private readonly settings = new WeakMap<Namespace, string>();

  constructor(
    private readonly aggregator: Aggregator,
    readonly history: History,
  ) {}

  record(now: Moment): void {
    this.history.record(now, this.totals(), this.budgets());
    this.noteSettings(now.ms);
  }

  /** Ports have no meaning over namespaces: only what can be added up. */
  private totals(): Sample {
    const failed = new Map<string, number>();
    const total = { limit: null, blocked: null, timeWait: 0, established: 0, other: 0, opened: 0, failed };
    for (const namespace of this.aggregator.namespaces.all()) {
      total.timeWait += namespace.timeWait;
      total.opened += namespace.opened;
      for (const [errno, count] of namespace.failuresByErrno)
        failed.set(errno, (failed.get(errno) ?? 0) + count);
    }
    for (const budget of this.aggregator.budgets.all()) {
      total.established += budget.established;
      total.other += budget.other;
    }
    return total;
  }

  private *budgets(): Iterable<BudgetSample> {
    for (const budget of this.aggregator.budgets.all()) yield sampleOf(budget);
  }

  private noteSettings(ms: number): void {
    for (const namespace of this.aggregator.namespaces.all()) {
      const text = settingsText(namespace);
      const before = this.settings.get(namespace);
      if (text === null || text === before) continue;
      this.settings.set(namespace, text);
      if (before !== undefined)
        this.history.annotate(ms, 'sysctl-change', `netns ${namespace.inode}: ${text}`);
    }
  }
}

function sampleOf(budget: Budget): BudgetSample {
  const { sysctls, blockedPorts } = budget.namespace;
  return {
    key: budget.key,
    limit: sysctls === null ? null : portLimit(sysctls),
    blocked: sysctls === null ? null : Math.max(0, blockedPorts - budget.bound),
    timeWait: budget.timeWait,
    established: budget.established,
    other: budget.other,
    opened: budget.opened,
    failed: budget.failuresByErrno,
  };
}

function settingsText({ sysctls }: Namespace): string | null {
  if (sysctls === null) return null;
  const { portRange, reservedPorts, tcpTwReuse, tcpTimestamps, tcpMaxTwBuckets } = sysctls;
  return [
    `ip_local_port_range ${portRange?.join('-') ?? '?'}`,
    `reserved ${reservedPorts ?? '?'}`,
    `tcp_tw_reuse ${tcpTwReuse ?? '?'}`,
    `tcp_timestamps ${tcpTimestamps ?? '?'}`,
    `tcp_max_tw_buckets ${tcpMaxTwBuckets ?? '?'}`,
  ].join(', ');
}
