/**
 * One row per network namespace: how much goes on in it and what its limits are. In: the totals topic.
 */
import type { TotalsRow } from '../../../src/protocol/rows.js';
import type { Sort } from '../../../src/view/order.js';
import { hello, link, now, totals } from '../../state/model.js';
import { integer, percent } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { NetnsLink } from '../page/scope.js';
import { BadRate, Count, Name, Rate } from '../table/cells.js';
import { type Column, numberColumn, textColumn } from '../table/column.js';
import { DataTable } from '../table/table.js';

type Field = 'timeWait' | 'openPerSec' | 'failPerSec';

const number = (id: Field, label: string, title: string, cell: Column<TotalsRow>['cell']) =>
  numberColumn<TotalsRow>(id, label, title, (row) => row[id], cell);

/** A state that the last audit did not see has no connection in it. */
const established = (row: TotalsRow) => (row.auditAgeMs === null ? null : (row.states.established ?? 0));
const size = ({ portRange }: TotalsRow) => (portRange === null ? null : portRange[1] - portRange[0] + 1);

const COLUMNS: readonly Column<TotalsRow>[] = [
  textColumn(
    'name',
    'Namespace',
    'Network namespace: its name, the host, or a process in it',
    (row) => row.name,
    (row) => (
      <span title={`inode ${row.netns ?? 'unknown'}`}>
        <NetnsLink of={row.netnsId} always />
      </span>
    ),
  ),
  number('timeWait', 'TIME_WAIT', "Entries in the kernel's table", (row) => <Count of={row.timeWait} />),
  numberColumn(
    'coverage',
    'Owned',
    'TIME_WAIT entries whose owner is known',
    (row) => row.coverage,
    (row) => <Name of={row.coverage === null ? null : percent(row.coverage)} />,
  ),
  numberColumn('established', 'Estab.', 'Connections established now', established, (row) => (
    <Count of={established(row)} />
  )),
  number('openPerSec', 'Open/s', 'Connections opened per second', (row) => <Rate of={row.openPerSec} />),
  number('failPerSec', 'Fail/s', 'Attempts failed per second', (row) => <BadRate of={row.failPerSec} />),
  numberColumn('portRange', 'Ports', 'How many ports net.ipv4.ip_local_port_range has', size, (row) => (
    <span title={row.portRange?.join(' to ')}>
      <Count of={size(row)} />
    </span>
  )),
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
