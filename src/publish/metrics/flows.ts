/**
 * Flows as metrics: connections opened per program and destination, ports held per program. In: changes of `flows`. Out: a
 * counter family and a gauge family.
 */
import type { FlowRow, ProcessInfo } from '../../protocol/rows.js';
import type { MetricsContext } from './context.js';
import { CounterFamily } from './counter.js';
import { addFamily } from './family.js';
import { GaugeKeys } from './gauge.js';
import { GrowthMeter, type Reading } from './growth.js';
import { LabelSums } from './label-sums.js';
import { RowChanges } from './row-changes.js';
import { type Labels, labelText, otherLabels } from './series.js';

export const OPENED_LABELS = ['program', 'unit', 'workload', 'destination', 'port'] as const;
const PORTS_LABELS = ['program', 'unit', 'workload'] as const;

/** Label of a program whose name is not known. */
export const UNKNOWN_PROGRAM = 'unknown';

export function addFlows({ registry, tables, now }: MetricsContext): void {
  const rowChanges = new RowChanges<FlowRow>();
  const opened = new CounterFamily(OPENED_LABELS);
  const meter = new GrowthMeter(openedOf);
  const ports = new LabelSums(portsOf);
  tables.watch('flows', (changed) => {
    const changes = rowChanges.take(changed);
    opened.take(meter.take(changes), now());
    ports.take(changes);
  });
  addFamily(registry, {
    name: 'portchurn_connections_opened_total',
    type: 'counter',
    help: 'Connections that reached ESTABLISHED, outbound by remote end and inbound by local end.',
    read: () => opened.series(),
  });
  addPorts({ registry, tables, now }, ports);
}

function addPorts({ registry, now }: MetricsContext, ports: LabelSums<FlowRow>): void {
  const keys = new GaugeKeys<number>();
  addFamily(registry, {
    name: 'portchurn_program_ports_used',
    type: 'gauge',
    help: 'Local ports held by the outbound connections of a program and by the TIME_WAIT entries they left.',
    read: () => {
      const { members, rest } = keys.select(ports.candidates(), now());
      const other = rest.reduce((total, value) => total + value, 0);
      const own = members.map(({ labels, value }) => ({ labels, value: value ?? 0 }));
      return [...own, { labels: otherLabels(PORTS_LABELS), value: other }];
    },
  });
}

function openedOf(row: FlowRow): Reading {
  const { netnsId, direction, destination, opened } = row;
  const { address, port } = destination;
  const scope = `${netnsId} ${direction} ${address} ${port}`;
  return { labels: openedLabels(row), scope, count: opened ?? 0 };
}

function openedLabels({ process, destination }: FlowRow): Labels {
  return {
    ...programLabels(process),
    destination: labelText(destination.address),
    port: labelText(destination.port),
  };
}

/** By its name: a label that also said what started it would give each shell loop series of its own. */
export const programLabels = ({ name, unit, workload }: ProcessInfo) => ({
  program: labelText(name ?? UNKNOWN_PROGRAM),
  unit: labelText(unit),
  workload: labelText(workload),
});

function portsOf({ process, portsHeld }: FlowRow) {
  return { labels: programLabels(process), amount: portsHeld ?? 0 };
}
