/**
 * Failures as counters: of connect() by program, destination and errno, of bind() by program and errno. In: changes of
 * `failures`. Out: two families.
 */
import type { FailureRow } from '../../protocol/rows.js';
import type { EntryChange } from '../../query/row-store.js';
import type { MetricsContext } from './context.js';
import { CounterFamily } from './counter.js';
import { addFamily } from './family.js';
import { programLabels } from './flows.js';
import { GrowthMeter } from './growth.js';
import { type RowChange, RowChanges } from './row-changes.js';
import { type Labels, labelText } from './series.js';

interface Spec {
  readonly call: FailureRow['call'];
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  labels(row: FailureRow): Labels;
}

const SPECS: readonly Spec[] = [
  {
    call: 'connect',
    name: 'portchurn_connect_failures_total',
    help: 'Connects that failed, by errno and by what it meant there.',
    labelNames: ['program', 'unit', 'workload', 'destination', 'port', 'errno', 'cause'],
    labels: (row) => ({
      ...programLabels(row.process),
      destination: labelText(row.destination.address),
      port: labelText(row.destination.port),
      errno: labelText(row.errno),
      cause: row.cause,
    }),
  },
  {
    call: 'bind',
    name: 'portchurn_bind_failures_total',
    help: 'Calls of bind() that failed.',
    labelNames: ['program', 'errno'],
    labels: (row) => ({
      program: programLabels(row.process).program,
      errno: labelText(row.errno),
    }),
  },
];

export function addFailures({ registry, tables, now }: MetricsContext): void {
  const rowChanges = new RowChanges<FailureRow>();
  const counters = SPECS.map((spec) => {
    const counter = new CounterFamily(spec.labelNames);
    const meter = new GrowthMeter((row: FailureRow) => readingOf(spec, row));
    const { name, help } = spec;
    addFamily(registry, { name, help, type: 'counter', read: () => counter.series() });
    return (changes: readonly RowChange<FailureRow>[]) => counter.take(meter.take(changes), now());
  });
  tables.watch('failures', (changed: readonly EntryChange[]) => {
    const changes = rowChanges.take(changed);
    for (const count of counters) count(changes);
  });
}

function readingOf(spec: Spec, row: FailureRow) {
  const { netnsId, direction, destination, call, errno, cause } = row;
  const scope = [netnsId, direction, destination.address, destination.port, call, errno, cause].join(' ');
  return { labels: spec.labels(row), scope, count: call === spec.call ? row.count : 0 };
}
