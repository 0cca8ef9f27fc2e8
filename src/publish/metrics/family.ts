/**
 * A family of series as prom-client prints it. Its own metric classes count events one by one; ours are read off the tables
 * when somebody scrapes, so a family is a name and a function. Called by metrics.ts.
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

interface Printed {
  readonly metricName?: string;
  readonly labels: Labels;
  readonly value: number;
}

export function addFamily(registry: Registry, { name, help, type, read }: Family): void {
  add(registry, { name, help, type }, read);
}

export function addHistogram(
  registry: Registry,
  about: Pick<Family, 'name' | 'help'>,
  read: () => DurationCounts,
): void {
  add(registry, { ...about, type: 'histogram' }, () => histogramSeries(about.name, read()));
}

/** prom-client asks a metric for no more than its name and get(). */
function add(
  registry: Registry,
  about: { name: string; help: string; type: string },
  read: () => readonly Printed[],
) {
  const get = () => Promise.resolve({ ...about, values: read(), aggregator: 'sum' });
  registry.registerMetric({ ...about, get } as unknown as Metric);
}

function histogramSeries(name: string, { bounds, upTo, count, sumSeconds }: DurationCounts): Printed[] {
  const bucket = (le: string, value: number) => ({ metricName: `${name}_bucket`, labels: { le }, value });
  return [
    ...bounds.map((bound, i) => bucket(String(bound), upTo[i] ?? 0)),
    bucket('+Inf', count),
    { metricName: `${name}_sum`, labels: {}, value: sumSeconds },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
