/**
 * Who suffers: connects and binds that fail, in plain words. Shown once there are any. Enters: the failures topic.
 * Called by app.
 */
import type { FailureRow } from '../../src/protocol/rows.js';
import { clock, endpoint, integer, processName } from '../format.js';
import { failures } from '../model.js';
import type { Sort } from '../order.js';
import { failureWords } from '../words.js';
import { Address, BadRate, Count, Name, Process } from './cells.js';
import { type Column, DataTable } from './table.js';

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
    cell: (row) => failureWords(row),
  },
  {
    id: 'errno',
    label: 'Errno',
    title: 'Of which call',
    numeric: false,
    value: (row) => row.errno,
    cell: (row) => <Name of={`${row.call}() ${row.errno ?? '–'}`} />,
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

export function Failures() {
  const { rows, total } = failures.value;
  if (rows.size === 0) return null;
  return (
    <section class="panel failures" aria-labelledby="failures-title">
      <header>
        <h2 id="failures-title">Failures</h2>
        <p class="count">{integer(total)}</p>
      </header>
      <DataTable
        labelledBy="failures-title"
        caption="Failed connects and binds"
        columns={COLUMNS}
        rows={rows}
        sort={FASTEST}
        ties={TIES}
      />
    </section>
  );
}
