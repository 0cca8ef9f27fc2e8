/**
 * Failures as counters: of connect() by program, destination and errno, of bind() by program and errno. Enters: changes of
 * `failures`. Leaves: two families. Called by metrics.ts.
 */
import type { FailureRow } from '../../protocol/rows.js';
import type { Changed } from '../../query/row-store.js';
import type { MetricsContext } from './context.js';
import { CounterFamily } from './counter.js';
import { addFamily } from './family.js';
import { programLabels } from './flows.js';
import { GrowthMeter } from './growth.js';
import { type Labels, labelText } from './series.js';
import { Steps } from './steps.js';

interface Kind {
  readonly call: FailureRow['call'];
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  labels(row: FailureRow): Labels;
}

const KINDS: readonly Kind[] = [
  {
    call: 'connect',
    name: 'portchurn_connect_failures_total',
    help: 'Connects that failed, by errno and by what it meant there.',
    labelNames: ['program', 'unit', 'destination', 'port', 'errno', 'cause'],
    labels: (row) => ({
      ...programLabels(row.program, row.process.unit),
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
      program: programLabels(row.program, null).program,
      errno: labelText(row.errno),
    }),
  },
];

export function addFailures({ registry, tables, now }: MetricsContext): void {
  const steps = new Steps<FailureRow>();
  const takers = KINDS.map((kind) => {
    const counter = new CounterFamily(kind.labelNames);
    const meter = new GrowthMeter((row: FailureRow) => readingOf(kind, row));
    const { name, help } = kind;
    addFamily(registry, { name, help, type: 'counter', read: () => counter.series() });
    return (taken: ReturnType<typeof steps.take>) => counter.take(meter.take(taken), now());
  });
  tables.watch('failures', (changed: readonly Changed[]) => {
    const taken = steps.take(changed);
    for (const take of takers) take(taken);
  });
}

function readingOf(kind: Kind, row: FailureRow) {
  const { netns, direction, destination, call, errno, cause } = row;
  const place = [netns, direction, destination.address, destination.port, call, errno, cause].join(' ');
  return { labels: kind.labels(row), place, count: call === kind.call ? row.count : 0 };
}
