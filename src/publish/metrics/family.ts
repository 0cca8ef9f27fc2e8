/**
 * Registers a family of series with prom-client. The metric classes of prom-client count events one by one; these families
 * are read off the tables at each scrape, so a family is a name and a function. In: families. Out: metrics of the registry.
 */
import type { Metric, Registry } from 'prom-client';
import type { DurationCounts } from '../../protocol/source.js';
import type { Labels, Series } from './series.js';

export interface Family {
  /** With unit and suffix, as the contract names it. */
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  read(): readonly Series[];
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

export function addFamily(registry: Registry, { name, help, type, read }: Family): void {
  add(registry, { name, help, type }, read);
}

export function addHistogram(
  registry: Registry,
  description: Pick<Family, 'name' | 'help'>,
  read: () => DurationCounts,
): void {
  add(registry, { ...description, type: 'histogram' }, () => histogramSeries(description.name, read()));
}

/** Of a metric prom-client uses no more than its name and get(). */
function add(
  registry: Registry,
  description: { name: string; help: string; type: string },
  read: () => readonly Sample[],
) {
  const get = () => Promise.resolve({ ...description, values: read(), aggregator: 'sum' });
  registry.registerMetric({ ...description, get } as unknown as Metric);
}

function histogramSeries(name: string, { bounds, upTo, count, sumSeconds }: DurationCounts): Sample[] {
  const bucket = (le: string, value: number) => ({ metricName: `${name}_bucket`, labels: { le }, value });
  return [
    ...bounds.map((bound, i) => bucket(String(bound), upTo[i] ?? 0)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels: {}, value: sumSeconds },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
