/**
 * The tightest port budgets: how full, until when, when ports come back, who holds them. Shown where the service has the
 * topic. In: budgets, namespaces.
 */
import { useComputed } from '@preact/signals';
import { byTightness, fullness } from '../../../src/forecast/outlook.js';
import type { BudgetRow } from '../../../src/protocol/rows.js';
import { barParts } from '../../../src/view/budget.js';
import { barTone } from '../../../src/view/tone.js';
import { budgets, hello, link, netnsWords, now } from '../../state/model.js';
import { choose, shown } from '../../state/timeline/timeline.js';
import { endpoint, integer, percent } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import { holderWords, outlookWords, returnWords } from '../../text/words.js';
import { NetnsLink } from '../page/scope.js';
import { Address, Name, Outlook } from '../table/cells.js';
import { type Column, numberColumn, textColumn } from '../table/column.js';
import { DataTable } from '../table/table.js';

/** Rows shown; more are asked for, because some of those with few free ports are no worry. */
const TIGHTEST = 6;

/** Height of a row, px: under where to it says where from. */
const TWO_LINES_PX = 42;

const COLUMNS: readonly Column<BudgetRow>[] = [
  textColumn(
    'destination',
    'Toward, from',
    'Where a plain connect() needs a free local port, or the pool that bind() with port 0 takes from; below it the local address',
    (row) => endpoint(row.destination),
    (row) => (
      <>
        {row.kind === 'bind-pool' ? (
          <span title="Ports that bind() with port 0 can have at this address">bind() pool</span>
        ) : (
          <Toward row={row} />
        )}
        <Source row={row} />
      </>
    ),
  ),
  numberColumn(
    'used',
    'Used of limit',
    'Local ports held; the bar has those blocked by bind() too. What is free and who holds them: point at it',
    fullness,
    (row) => <Fullness row={row} />,
  ),
  numberColumn(
    'exhaustionSeconds',
    'Runs out',
    'At the present rate',
    (row) => row.exhaustionSeconds,
    (row) => <Outlook says={outlookWords(row)} />,
  ),
  numberColumn(
    'releasing',
    'Come back',
    'The next ports whose TIME_WAIT ends, by the kernel\u2019s own timers',
    (row) => row.releasing[0]?.[0] ?? null,
    (row) => <span title={returnWords(row).title}>{returnWords(row).word}</span>,
  ),
];

/** In a file the source stands for itself. */
const [destination, ...others] = COLUMNS as [Column<BudgetRow>, ...Column<BudgetRow>[]];
const SAVED: readonly Column<BudgetRow>[] = [
  { ...destination, label: 'Toward' },
  textColumn(
    'source',
    'From',
    'Local address',
    (row) => row.source.address,
    () => null,
  ),
  ...others,
];

/** A share of the limit as a bar, its numbers above it. Ports that connect() takes over from TIME_WAIT are hatched: they are held, and free. */
function Fullness({ row }: { row: BudgetRow }) {
  const ratio = fullness(row);
  const { reused, solid } = barParts(row);
  return (
    <span class="meter share" title={details(row)}>
      <span class="bar hatched" style={{ '--value': String(solid + reused) }} aria-hidden="true" />
      <span class={`bar ${barTone(row)}`} style={{ '--value': String(solid) }} aria-hidden="true" />
      <span class="over">{percent(ratio)}</span>
      <span class="over">
        {integer(row.used)} / {integer(row.limit)}
      </span>
    </span>
  );
}

/** What the cell has no room for. */
function details(row: BudgetRow): string {
  const holders = holderWords(row);
  return [
    `${integer(row.free)} free, ${integer(row.blocked)} blocked by bind()`,
    ...(holders === null ? [] : ['held by', holders.title]),
  ].join('\n');
}

/** Where there are several namespaces theirs is named, too: all may have the same addresses. */
function Source({ row }: { row: BudgetRow }) {
  return (
    <small class="source">
      from <Name of={row.source.address} />
      {netnsWords(row.netnsId) === null ? null : ' in '}
      <NetnsLink of={row.netnsId} />
    </small>
  );
}

/** Chooses what the timeline shows. */
function Toward({ row }: { row: BudgetRow }) {
  return (
    <button
      type="button"
      class="plain"
      title="Show it in the timeline"
      aria-pressed={shown.value === row.key}
      onClick={() => choose({ budget: row.key })}
    >
      <Address of={row.destination} />
    </button>
  );
}

export function Budgets() {
  const tightest = useComputed(() => {
    const held = [...budgets.value.rows.values()].filter((row) => (row.used ?? 0) > 0);
    return new Map(
      held
        .sort(byTightness)
        .slice(0, TIGHTEST)
        .map((row) => [row.key, row]),
    );
  }).value;
  if (!hello.value?.topics.includes('budgets')) return null;
  return (
    <section class="panel budgets" aria-labelledby="budgets-title">
      <header>
        <h2 id="budgets-title">Tightest port budgets</h2>
        <Shown of={tightest.size} />
      </header>
      <DataTable
        labelledBy="budgets-title"
        caption="Port budgets, tightest first"
        columns={COLUMNS}
        rows={tightest}
        compare={byTightness}
        rowPx={TWO_LINES_PX}
        saved={SAVED}
      >
        {tightest.size > 0 ? null : <Empty />}
      </DataTable>
    </section>
  );
}

function Shown({ of }: { of: number }) {
  const { total } = budgets.value;
  return <p class="count">{of < total ? `${integer(of)} of ${integer(total)}` : integer(total)}</p>;
}

function Empty() {
  const { shown } = budgets.value;
  return (
    <p class="empty">
      {shown === null
        ? waitingWords(link.value, now.value)
        : 'No local port is held. A budget appears with the first connection out of this machine.'}
    </p>
  );
}
