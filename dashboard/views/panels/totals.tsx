/**
 * One row per network namespace: how much goes on in it and what its limits are. Enters: the totals topic. Called by app.
 */
import type { TotalsRow } from '../../../src/protocol/rows.js';
import type { Sort } from '../../../src/view/order.js';
import { hello, link, now, totals } from '../../state/model.js';
import { foreign, integer, percent } from '../../text/format.js';
import { waitingWords } from '../../text/words.js';
import { BadRate, Count, Name, Rate } from '../table/cells.js';
import type { Column } from '../table/column.js';
import { DataTable } from '../table/table.js';

type TotalsColumn = Column<TotalsRow>;
type Field = 'timeWait' | 'openPerSec' | 'failPerSec';

const number = (id: Field, label: string, title: string, cell: TotalsColumn['cell']): TotalsColumn => ({
  id,
  label,
  title,
  numeric: true,
  value: (row) => row[id],
  cell,
});

/** A state that an audit did not see has nobody in it. */
const established = (row: TotalsRow) => (row.auditAgeMs === null ? null : (row.states.established ?? 0));
const size = ({ portRange }: TotalsRow) => (portRange === null ? null : portRange[1] - portRange[0] + 1);

const COLUMNS: readonly TotalsColumn[] = [
  {
    id: 'name',
    label: 'Namespace',
    title: 'Network namespace: its name, the host, or a process in it',
    numeric: false,
    value: (row) => row.name,
    cell: (row) => (
      <span title={`inode ${row.netns ?? 'unknown'}`}>
        {row.name === null ? `netns ${row.netns ?? '–'}` : <bdi>{foreign(row.name)}</bdi>}
      </span>
    ),
  },
  number('timeWait', 'TIME_WAIT', "Entries in the kernel's table", (row) => <Count of={row.timeWait} />),
  {
    id: 'coverage',
    label: 'Owned',
    title: 'TIME_WAIT entries whose owner is known',
    numeric: true,
    value: (row) => row.coverage,
    cell: (row) => <Name of={row.coverage === null ? null : percent(row.coverage)} />,
  },
  {
    id: 'established',
    label: 'Estab.',
    title: 'Connections established now',
    numeric: true,
    value: established,
    cell: (row) => <Count of={established(row)} />,
  },
  number('openPerSec', 'Open/s', 'Connections opened per second', (row) => <Rate of={row.openPerSec} />),
  number('failPerSec', 'Fail/s', 'Attempts failed per second', (row) => <BadRate of={row.failPerSec} />),
  {
    id: 'portRange',
    label: 'Ports',
    title: 'How many ports net.ipv4.ip_local_port_range has',
    numeric: true,
    value: size,
    cell: (row) => (
      <span title={row.portRange?.join(' to ')}>
        <Count of={size(row)} />
      </span>
    ),
  },
];

const BUSIEST: Sort = { column: 'timeWait', descending: true };
const TIES = [(row: TotalsRow) => row.openPerSec, (row: TotalsRow) => row.opened];

export function Totals() {
  const { rows, shown } = totals.value;
  if (!hello.value?.topics.includes('totals')) return null;
  return (
    <section class="panel totals" aria-labelledby="totals-title">
      <header>
        <h2 id="totals-title">Namespaces</h2>
        <p class="count">{integer(rows.size)}</p>
      </header>
      <DataTable
        labelledBy="totals-title"
        caption="Totals per network namespace"
        columns={COLUMNS}
        rows={rows}
        sort={BUSIEST}
        ties={TIES}
      >
        {shown === null ? <p class="empty">{waitingWords(link.value, now.value)}</p> : null}
      </DataTable>
    </section>
  );
}
