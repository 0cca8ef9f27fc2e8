/**
 * Port budgets as gauges: ports used, blocked, limit, seconds until none is left. Enters: rows of `budgets`. Leaves: four
 * families with the same fifty tuples, the fullest. In `other` ports add up and the soonest exhaustion counts.
 * Called by metrics.ts. Bind pools are no tuples and not among them.
 */
import type { BudgetRow } from '../../protocol/rows.js';
import type { MetricsContext } from './context.js';
import { addFamily } from './family.js';
import { type Candidate, GaugeKeys, type Seated } from './gauge.js';
import { type Labels, labelText, otherLabels, type Series } from './series.js';

const LABELS = ['netns', 'source', 'destination', 'port'];

interface Spec {
  readonly name: string;
  readonly help: string;
  value(row: BudgetRow): number | null;
  /** A tuple that is gone but keeps its series; null: it has none meanwhile. */
  readonly absent: number | null;
  /** Of what `other` stands for. */
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

export class TupleFamilies {
  readonly #keys = new GaugeKeys<BudgetRow>();
  #seated: Seated<BudgetRow> | null = null;

  constructor(private readonly around: MetricsContext) {}

  /** The first family of a scrape chooses the tuples, the others show the same. */
  add(): void {
    for (const [index, spec] of SPECS.entries()) {
      const read = () => {
        if (index === 0 || this.#seated === null) this.#seated = this.#seat();
        return seriesOf(spec, this.#seated);
      };
      addFamily(this.around.registry, { name: spec.name, help: spec.help, type: 'gauge', read });
    }
  }

  #seat(): Seated<BudgetRow> {
    const rows = this.around.tables.rows('budgets').filter(({ kind }) => kind === 'tuple');
    return this.#keys.seat(rows.map(candidate), this.around.now());
  }
}

function seriesOf({ value, absent, combine }: Spec, { members, rest }: Seated<BudgetRow>): Series[] {
  const own = members.map(({ labels, value: row }) => ({
    labels,
    value: row === null ? absent : value(row),
  }));
  const others = combine(rest.map(value).filter((one) => one !== null));
  return [...own, { labels: otherLabels(LABELS), value: others }].filter(
    (series): series is Series => series.value !== null,
  );
}

/** How full it is, from 0 to 1, says who needs to be seen. */
function candidate(row: BudgetRow): Candidate<BudgetRow> {
  const usable = Math.max(1, (row.limit ?? 65_536) - (row.blocked ?? 0));
  return { key: row.key, labels: labelsOf(row), weight: (row.used ?? 0) / usable, value: row };
}

function labelsOf({ netns, source, destination }: BudgetRow): Labels {
  return {
    netns: labelText(netns),
    source: labelText(source.address),
    destination: labelText(destination.address),
    port: labelText(destination.port),
  };
}
