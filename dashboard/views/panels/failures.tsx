/**
 * Who suffers: connects and binds that fail, in plain words, and who holds the ports meanwhile. Shown where the service
 * has the topic. In: failures, budgets.
 */

import { failureRowWords } from '../../../src/protocol/failure-words.js';
import type { FailureRow } from '../../../src/protocol/rows.js';
import type { Sort } from '../../../src/view/order.js';
import { budgets, failures, hello, link, now, state } from '../../state/model.js';
import { clock, endpoint, integer, UNKNOWN } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { holderWords } from '../../text/words.js';
import { Address, BadRate, Count, Name, Process } from '../table/cells.js';
import { type Column, numberColumn, textColumn } from '../table/column.js';
import { DataTable } from '../table/table.js';

const COLUMNS: readonly Column<FailureRow>[] = [
  textColumn(
    'process',
    'Victim',
    'The process whose call failed: often not the one that holds the ports',
    (row) => row.process.name,
    (row) => <Process process={row.process} program={null} />,
  ),
  textColumn(
    'destination',
    'Destination',
    'Where it wanted to go',
    (row) => endpoint(row.destination),
    (row) => <Address of={row.destination} />,
  ),
  textColumn('cause', 'What happens', 'The errno in plain words', (row) => row.cause, failureRowWords),
  textColumn(
    'errno',
    'Errno',
    'Of connect(), unless it says bind()',
    (row) => row.errno,
    // Nearly all are connects: the others say which call it is.
    (row) => <Name of={row.call === 'connect' ? row.errno : `${row.call}() ${row.errno ?? UNKNOWN}`} />,
  ),
  textColumn(
    'holder',
    'Ports held by',
    'Who holds the ports that this call did not get',
    (row) => row.budget,
    (row) => <Culprit budget={row.budget} />,
  ),
  numberColumn(
    'perSec',
    'Fail/s',
    'Failures per second, over the last 10 s',
    (row) => row.perSec,
    (row) => <BadRate of={row.perSec} />,
  ),
  numberColumn(
    'count',
    'Failed',
    'Since the start',
    (row) => row.count,
    (row) => <Count of={row.count} atLeast={row.lowerBound} />,
  ),
  numberColumn(
    'lastSeen',
    'Last',
    'When it last failed',
    (row) => row.lastSeen,
    (row) => <Name of={row.lastSeen === null ? null : clock(row.lastSeen)} />,
  ),
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
        <p class={`count ${isNew(rows) ? 'flash' : ''}`} key={newest(rows)}>
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

/** So long a failure of a new kind is news, ms. */
const NEWS_MS = 5_000;

/** When the last new kind of failure was first seen, Unix ms. */
const newest = (rows: ReadonlyMap<string, FailureRow>) =>
  Math.max(0, ...[...rows.values()].map(({ firstSeen }) => firstSeen ?? 0));

const isNew = (rows: ReadonlyMap<string, FailureRow>) => (state.peek().time ?? 0) - newest(rows) < NEWS_MS;

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
