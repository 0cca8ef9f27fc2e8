/**
 * Port budgets as gauges: ports used, blocked, limit, seconds until no port is left. In: rows of `budgets`. Out: four
 * families with the same fifty tuples, the fullest ones. In `other` ports add up and the soonest exhaustion counts. Bind
 * pools are left out: they are not tuples.
 */
import type { BudgetRow } from '../../protocol/rows.js';
import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Candidate, GaugeKeys, type Selection } from './gauge.js';
import { type Labels, labelText, otherLabels, type Series, seriesKey } from './series.js';

const LABELS = ['netns', 'source', 'destination', 'port'];

interface Spec {
  readonly name: string;
  readonly help: string;
  value(row: BudgetRow): number | null;
  /** Value of a tuple that is gone but keeps its series; null: no value meanwhile. */
  readonly absent: number | null;
  /** Value of `other`, from the values of its tuples. */
  combine(values: readonly number[]): number | null;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const soonest = (values: readonly number[]) => (values.length === 0 ? null : Math.min(...values));

const SPECS: readonly Spec[] = [
  {
    name: 'portchurn_tuple_ports_used',
    help: 'Local ports held from a source address toward a destination, TIME_WAIT entries among them.',
    value: (row) => row.used,
    absent: 0,
    combine: sum,
  },
  {
    name: 'portchurn_tuple_ports_blocked',
    help: 'Ports of the range, not among those used, that bind() has taken from every connect() of the namespace.',
    value: (row) => row.blocked,
    absent: null,
    combine: sum,
  },
  {
    name: 'portchurn_tuple_ports_limit',
    help: 'Size of the local port range without reserved ports: the most that can be held toward one destination.',
    value: (row) => row.limit,
    absent: null,
    combine: sum,
  },
  {
    name: 'portchurn_tuple_exhaustion_seconds',
    help: 'Time until no local port is left at the present rate; 0 when none is. Absent: not in sight.',
    value: (row) => row.exhaustionSeconds,
    absent: null,
    combine: soonest,
  },
];

/** The first family of a scrape selects the tuples, the others show the same ones. */
export function addBudgets({ registry, tables, now }: MetricsContext): void {
  const keys = new GaugeKeys<BudgetRow>();
  const { namespaces } = tables.scope;
  const isLiving = ({ netnsId }: BudgetRow) => netnsId === null || !namespaces.isReplaced(netnsId);
  const tuples = () => tables.rows('budgets').filter((row) => row.kind === 'tuple' && isLiving(row));
  let selection: Selection<BudgetRow> | null = null;
  for (const [index, spec] of SPECS.entries()) {
    const read = () => {
      if (index === 0 || selection === null) selection = keys.select(tuples().map(candidate), now());
      return seriesOf(spec, selection);
    };
    addFamily(registry, { name: spec.name, help: spec.help, type: 'gauge', read });
  }
}

function seriesOf({ value, absent, combine }: Spec, { members, rest }: Selection<BudgetRow>): Series[] {
  const own = members.map(({ labels, value: row }) => ({
    labels,
    value: row === null ? absent : value(row),
  }));
  const others = combine(rest.map(value).filter((one) => one !== null));
  return [...own, { labels: otherLabels(LABELS), value: others }].filter(
    (series): series is Series => series.value !== null,
  );
}

/**
 * The weight is how full the budget is, from 0 to 1. Keyed by its labels: of namespaces that had one inode one after the other
 * there is one series.
 */
function candidate(row: BudgetRow): Candidate<BudgetRow> {
  const usable = Math.max(1, (row.limit ?? 65_536) - (row.blocked ?? 0));
  const labels = labelsOf(row);
  return { key: seriesKey(labels), labels, weight: (row.used ?? 0) / usable, value: row };
}

function labelsOf({ netns, source, destination }: BudgetRow): Labels {
  return {
    netns: labelText(netns),
    source: labelText(source.address),
    destination: labelText(destination.address),
    port: labelText(destination.port),
  };
}
