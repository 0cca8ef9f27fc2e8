/**
 * Who suffers: connects and binds that fail, in plain words, and who holds the ports meanwhile. Shown where the service
 * has the topic. Enters: failures, budgets. Called by app.
 */

import { failureWords } from '../../../src/protocol/failure-words.js';
import type { FailureRow } from '../../../src/protocol/rows.js';
import type { Sort } from '../../../src/view/order.js';
import { budgets, failures, hello, link, now } from '../../state/model.js';
import { clock, endpoint, integer, processName, UNKNOWN } from '../../text/format.js';
import { holderWords, waitingWords } from '../../text/words.js';
import { Address, BadRate, Count, Name, Process } from '../table/cells.js';
import type { Column } from '../table/column.js';
import { DataTable } from '../table/table.js';

const COLUMNS: readonly Column<FailureRow>[] = [
  {
    id: 'process',
    label: 'Victim',
    title: 'The process whose call failed: often not the one that holds the ports',
    numeric: false,
    value: (row) => processName(row.process),
    cell: (row) => <Process process={row.process} program={null} />,
  },
  {
    id: 'destination',
    label: 'Destination',
    title: 'Where it wanted to go',
    numeric: false,
    value: (row) => endpoint(row.destination),
    cell: (row) => <Address of={row.destination} />,
  },
  {
    id: 'cause',
    label: 'What happens',
    title: 'The errno in plain words',
    numeric: false,
    value: (row) => row.cause,
    cell: (row) => failureWords(row.errno, row.cause),
  },
  {
    id: 'errno',
    label: 'Errno',
    title: 'Of connect(), unless it says bind()',
    numeric: false,
    value: (row) => row.errno,
    // Nearly all are connects: only what is not says so.
    cell: (row) => <Name of={row.call === 'connect' ? row.errno : `${row.call}() ${row.errno ?? UNKNOWN}`} />,
  },
  {
    id: 'holder',
    label: 'Ports held by',
    title: 'Who holds the ports that this call did not get',
    numeric: false,
    value: (row) => row.budget,
    cell: (row) => <Culprit budget={row.budget} />,
  },
  {
    id: 'perSec',
    label: 'Fail/s',
    title: 'Failures per second, over the last 10 s',
    numeric: true,
    value: (row) => row.perSec,
    cell: (row) => <BadRate of={row.perSec} />,
  },
  {
    id: 'count',
    label: 'Failed',
    title: 'Since the start',
    numeric: true,
    value: (row) => row.count,
    cell: (row) => <Count of={row.count} atLeast={row.lowerBound} />,
  },
  {
    id: 'lastSeen',
    label: 'Last',
    title: 'When it last failed',
    numeric: true,
    value: (row) => row.lastSeen,
    cell: (row) => <Name of={row.lastSeen === null ? null : clock(row.lastSeen)} />,
  },
];

const FASTEST: Sort = { column: 'perSec', descending: true };
const TIES = [(row: FailureRow) => row.count];

/** The budget has its holders, largest first; it changes on its own, so this draws itself. */
function Culprit({ budget }: { budget: string | null }) {
  const row = budget === null ? undefined : budgets.value.rows.get(budget);
  const says = row === undefined ? null : holderWords(row);
  return says === null ? <Name of={null} /> : <bdi title={says.title}>{says.word}</bdi>;
}

export function Failures() {
  const { rows, total } = failures.value;
  if (!hello.value?.topics.includes('failures')) return null;
  return (
    <section class="panel failures" aria-labelledby="failures-title">
      <header>
        <h2 id="failures-title">Failures</h2>
        <p class="count">
          {rows.size < total ? `${integer(rows.size)} of ${integer(total)}` : integer(total)}
        </p>
      </header>
      <DataTable
        labelledBy="failures-title"
        caption="Failed connects and binds"
        columns={COLUMNS}
        rows={rows}
        sort={FASTEST}
        ties={TIES}
      >
        <Empty />
      </DataTable>
    </section>
  );
}

function Empty() {
  const { rows, shown } = failures.value;
  if (rows.size > 0) return null;
  return (
    <p class="empty">
      {shown === null
        ? waitingWords(link.value, now.value)
        : 'No connect() or bind() has failed. When one does: who, toward what, and why.'}
    </p>
  );
}
