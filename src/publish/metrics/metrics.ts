/**
 * GET /metrics: the contract's families, read off the tables. In: tables, event counts, health. Out: Prometheus text.
 * Nothing is counted before the first scrape; from then on each publish tick costs time in proportion to its changed rows. A
 * family has at most 50 series and one `other`, all families together stay below 1,000 series. Each family is documented in
 * docs/operations.md.
 */
import { Registry } from 'prom-client';
import type { TableTopic } from '../../protocol/frames.js';
import { LOSS_REASONS } from '../../protocol/names.js';
import type { Source } from '../../protocol/source.js';
import type { Tables } from '../../query/tables.js';
import { addBudgets } from './budgets.js';
import type { MetricsContext } from './context.js';
import { addFailures } from './failures.js';
import { addFamily, addHistogram } from './family.js';
import { addFindings } from './findings.js';
import { addFlows } from './flows.js';
import { addIncidents } from './incidents.js';
import { addNamespaces } from './namespaces.js';
import type { Series } from './series.js';

export interface MetricsOptions {
  readonly tables: Tables;
  readonly source: Source;
  readonly version: string;
}

/** The families of each table. */
const FAMILIES: readonly (readonly [TableTopic, (context: MetricsContext) => void])[] = [
  ['budgets', addBudgets],
  ['flows', addFlows],
  ['totals', addNamespaces],
  ['failures', addFailures],
  ['findings', addFindings],
  ['incidents', addIncidents],
];

export class Metrics {
  #registry: Registry | null = null;

  constructor(private readonly options: MetricsOptions) {}

  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  /** Prometheus text of the tables as of their last tick. */
  text(): Promise<string> {
    this.#registry ??= this.#build();
    return this.#registry.metrics();
  }

  #build(): Registry {
    const { tables, source, version } = this.options;
    const registry = new Registry();
    const context: MetricsContext = { registry, tables, now: () => tables.tick.time };
    for (const [topic, addFamilies] of FAMILIES) if (tables.topics.includes(topic)) addFamilies(context);
    addService(registry, source, version);
    return registry;
  }
}

const one = (value: number, labels = {}): Series[] => [{ labels, value }];

/** About the service itself. */
function addService(registry: Registry, source: Source, version: string): void {
  const durations = source.connectDurations?.bind(source);
  if (durations !== undefined) {
    const help = 'Time from SYN to ESTABLISHED of outbound connections.';
    addHistogram(registry, { name: 'portchurn_connect_duration_seconds', help }, durations);
  }
  const seen = source.eventsSeen?.bind(source);
  if (seen !== undefined) {
    const help = 'Events that the kernel handed over.';
    addFamily(registry, { name: 'portchurn_events_total', type: 'counter', help, read: () => one(seen()) });
  }
  addFamily(registry, {
    name: 'portchurn_events_lost_total',
    type: 'counter',
    help: 'Events lost: the ring was full (totals stay exact), the kernel did not show them, or there was no memory (lower bounds).',
    read: () =>
      LOSS_REASONS.flatMap((reason) => {
        const lost = source.health()?.lost;
        return lost === undefined ? [] : one(lost[reason], { reason });
      }),
  });
  const evicted = source.containerNamesEvicted?.bind(source);
  if (evicted !== undefined) {
    const name = 'portchurn_container_names_evicted_total';
    const help = 'Names of containers that found no room beside newer ones.';
    addFamily(registry, { name, type: 'counter', help, read: () => one(evicted()) });
  }
  addFamily(registry, {
    name: 'portchurn_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say which version runs and where its numbers come from.',
    read: () => one(1, { version, mode: source.health()?.mode ?? '' }),
  });
}
