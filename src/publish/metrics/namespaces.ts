/**
 * Network namespaces as gauges: their names, sockets by state, and which share of TIME_WAIT entries has a known owner. In: rows of
 * `totals`. Out: three families.
 */
import type { TotalsRow } from '../../protocol/rows.js';
import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Candidate, GaugeKeys } from './gauge.js';
import { labelText, otherLabels, type Series } from './series.js';

export function addNamespaces(context: MetricsContext): void {
  addNames(context);
  addSockets(context);
  addAttribution(context);
}

/** For a join on `netns`, which other families have alone: a name may change while counters go on. */
function addNames({ registry, tables, now }: MetricsContext): void {
  const keys = new GaugeKeys<number>();
  addFamily(registry, {
    name: 'portchurn_netns_info',
    type: 'gauge',
    help: 'Always 1: the name of a network namespace, as ip netns has it, "host", or a process in it.',
    read: () => {
      const { members } = keys.select(tables.rows('totals').flatMap(named), now());
      return members.filter((series): series is Series => series.value !== null);
    },
  });
}

function named(row: TotalsRow): Candidate<number>[] {
  const { netns } = row;
  /* A namespace without a name goes by a process of it: no label has a pid. */
  const name = row.name?.replace(/ \(\d+\)$/, '');
  if (name === undefined) return [];
  const labels = { netns: labelText(netns), name: labelText(name) };
  return [{ ...candidate(row), key: `${netns} ${name}`, labels, value: 1 }];
}

function addSockets({ registry, tables, now }: MetricsContext): void {
  const keys = new GaugeKeys<number>();
  addFamily(registry, {
    name: 'portchurn_sockets',
    type: 'gauge',
    help: 'TCP sockets by state, as the kernel listed them; time-wait holds FIN_WAIT2 mini-sockets too.',
    read: () => {
      const { members, rest } = keys.select(tables.rows('totals').flatMap(stateCounts), now());
      const own = members.map(({ labels, value }) => ({ labels, value: value ?? 0 }));
      const other = rest.reduce((total, value) => total + value, 0);
      return [...own, { labels: otherLabels(['netns', 'tcp_state']), value: other }];
    },
  });
}

function stateCounts({ netns, states }: TotalsRow): Candidate<number>[] {
  return Object.entries(states).map(([state, count]) => {
    const labels = { netns: labelText(netns), tcp_state: state };
    return { key: `${netns} ${state}`, labels, weight: count, value: count };
  });
}

function addAttribution({ registry, tables, now }: MetricsContext): void {
  const keys = new GaugeKeys<TotalsRow>();
  addFamily(registry, {
    name: 'portchurn_attribution_ratio',
    type: 'gauge',
    help: 'TIME_WAIT entries whose owner is known, of all that the kernel lists: 1 is all.',
    read: () => {
      const { members, rest } = keys.select(tables.rows('totals').map(candidate), now());
      const own = members.map(({ labels, value }) => ({ labels, value: value?.coverage ?? null }));
      const all = [...own, { labels: otherLabels(['netns']), value: ratioOf(rest) }];
      return all.filter((series): series is Series => series.value !== null);
    },
  });
}

/** A namespace without entries weighs 1, so that it gets a series where there is room. */
function candidate(row: TotalsRow): Candidate<TotalsRow> {
  return {
    key: labelText(row.netns),
    labels: { netns: labelText(row.netns) },
    weight: 1 + (row.timeWait ?? 0),
    value: row,
  };
}

function ratioOf(rows: readonly TotalsRow[]): number | null {
  const sum = (field: 'timeWait' | 'timeWaitAttributed') =>
    rows.reduce((all, row) => all + (row[field] ?? 0), 0);
  const entries = sum('timeWait');
  if (rows.every(({ coverage }) => coverage === null)) return null;
  return entries === 0 ? 1 : sum('timeWaitAttributed') / entries;
}
