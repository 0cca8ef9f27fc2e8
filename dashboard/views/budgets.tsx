/**
 * The tightest port budgets: how full, until when. Shown once the service has any. Enters: the budgets topic. Called by app.
 */
import type { BudgetRow } from '../../src/protocol/rows.js';
import { endpoint, foreign, integer, percent, processName, seconds } from '../format.js';
import { budgets } from '../model.js';
import type { Sort } from '../order.js';
import { Address, Name } from './cells.js';
import { type Column, DataTable } from './table.js';

/** Ports no new connection can have, over the limit; null when either is unknown. */
function fullness({ limit, used, blocked }: BudgetRow): number | null {
  if (limit === null || limit === 0 || used === null) return null;
  return Math.min(1, (used + (blocked ?? 0)) / limit);
}

function Fullness({ row }: { row: BudgetRow }) {
  const ratio = fullness(row);
  const tone = ratio === null || ratio < 0.7 ? '' : ratio < 0.9 ? 'warn' : 'bad';
  return (
    <span class="meter">
      <span class={`bar ${tone}`} style={{ '--value': String(ratio ?? 0) }} aria-hidden="true" />
      <span class="over">{percent(ratio)}</span>
    </span>
  );
}

const COLUMNS: readonly Column<BudgetRow>[] = [
  {
    id: 'destination',
    label: 'Toward',
    title: 'Where a plain connect() needs a free local port; a bind pool serves bind() with port 0',
    numeric: false,
    value: (row) => endpoint(row.destination),
    cell: (row) => (row.kind === 'bind-pool' ? 'bind() pool' : <Address of={row.destination} />),
  },
  {
    id: 'source',
    label: 'From',
    title: 'Local address',
    numeric: false,
    value: (row) => row.source.address,
    cell: (row) => <Name of={row.source.address} />,
  },
  {
    id: 'used',
    label: 'Used',
    title: 'Ports taken or blocked, of the limit',
    numeric: true,
    value: fullness,
    cell: (row) => <Fullness row={row} />,
  },
  {
    id: 'free',
    label: 'Free',
    title: 'Ports still free',
    numeric: true,
    value: (row) => row.free,
    cell: (row) => <span title={`limit ${integer(row.limit)}`}>{integer(row.free)}</span>,
  },
  {
    id: 'exhaustionSeconds',
    label: 'Runs out in',
    title: 'At the present rate; a dash: not in sight',
    numeric: true,
    value: (row) => row.exhaustionSeconds,
    cell: (row) => <Name of={row.exhaustionSeconds === null ? null : seconds(row.exhaustionSeconds)} />,
  },
  {
    id: 'holder',
    label: 'Held most by',
    title: 'Largest holder',
    numeric: false,
    value: (row) => (row.holders[0] ? processName(row.holders[0].process) : null),
    cell: ({ holders: [first] }) => (
      <Name of={first ? `${foreign(processName(first.process))} (${integer(first.ports)})` : null} />
    ),
  },
];

const TIGHTEST: Sort = { column: 'used', descending: true };

export function Budgets() {
  const { rows } = budgets.value;
  if (rows.size === 0) return null;
  return (
    <section class="panel budgets" aria-labelledby="budgets-title">
      <header>
        <h2 id="budgets-title">Tightest port budgets</h2>
      </header>
      <DataTable
        labelledBy="budgets-title"
        caption="Port budgets, tightest first"
        columns={COLUMNS}
        rows={rows}
        sort={TIGHTEST}
      />
    </section>
  );
}
