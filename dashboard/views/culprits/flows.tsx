/**
 * The culprit table: which process burns ports toward which destination. In: the flows topic; filter, grouping, sort and
 * selection of the user.
 */
import { useComputed } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { Group } from '../../../src/protocol/frames.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { byBlame } from '../../../src/view/culprits.js';
import {
  filter,
  flows,
  frozen,
  group,
  limit,
  link,
  MANY_ROWS,
  now,
  select,
  selected,
  setFilter,
  setGroup,
  setSort,
  showMore,
  sort,
} from '../../state/model.js';
import { BLAME, queryOf, START } from '../../state/place.js';
import { byDestination } from '../../state/rows/beside.js';
import { culprits } from '../../state/rows/culprits.js';
import { integer, rate } from '../../text/format.js';
import { waitingWords } from '../../text/link-words.js';
import type { Opening } from '../table/column.js';
import { DataTable, type TableProps } from '../table/table.js';
import { FilterBox } from './filter.js';
import { FLOW_COLUMNS, FLOW_TIES } from './flow-columns.js';

const GROUPINGS: Record<Group | 'none', string> = {
  none: 'process → destination',
  program: 'program',
  unit: 'unit',
  container: 'container',
  pod: 'pod',
  workload: 'workload',
  destination: 'destination',
  netns: 'namespace',
};

export function Flows() {
  return (
    <section class="panel culprits" aria-labelledby="flows-title">
      <header>
        <h2 id="flows-title">Culprits</h2>
        <Shown />
        <GroupBy />
        <Freeze />
        <FilterBox />
      </header>
      <FlowTable />
    </section>
  );
}

function Shown() {
  const { total, shown } = flows.value;
  const rows = culprits.value;
  if (shown === null) return null;
  return (
    <p class="count">{rows.size < total ? `${integer(rows.size)} of ${integer(total)}` : integer(total)}</p>
  );
}

function GroupBy() {
  const choose = (value: string) => setGroup(value === 'none' ? null : (value as Group));
  return (
    <label class="group">
      by{' '}
      <select value={group.value ?? 'none'} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {Object.entries(GROUPINGS).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Freeze() {
  return (
    <button
      type="button"
      class="small"
      aria-pressed={frozen.value}
      title="Rows keep their places, values go on (key o)"
      onClick={() => {
        frozen.value = !frozen.value;
      }}
    >
      Freeze order
    </button>
  );
}

/** A link to the row as it is grouped now; the filter that led to it is not part of what it is. */
const OPENING: Opening = {
  href: (row) => queryOf({ ...START, group: group.peek(), row }),
  open: select,
};

function FlowTable() {
  const { shown } = flows.value;
  const rows = culprits.value;
  // What the rows are grouped by, not what was just asked for: columns change together with the rows.
  const grouping = shown?.group ?? 'none';
  return (
    <DataTable
      labelledBy="flows-title"
      caption={`TCP flows by ${GROUPINGS[grouping]}`}
      className={`flows by-${grouping}`}
      columns={FLOW_COLUMNS[grouping]}
      rows={rows}
      {...useOrder(grouping)}
      onSort={setSort}
      ties={FLOW_TIES}
      opening={OPENING}
      current={selected.value}
      frozen={frozen.value}
      arrangement={`${grouping} ${shown?.filter ?? ''}`}
    >
      <Empty />
      <More />
    </DataTable>
  );
}

/** A sum has no budget of its own: by blame it is ordered by its ports. */
function useOrder(grouping: Group | 'none'): Pick<TableProps<FlowRow>, 'sort' | 'compare'> {
  const { column, descending } = sort.value;
  const known = byDestination.value;
  const blame = useMemo(() => byBlame(known), [known]);
  if (column !== BLAME) return { sort: sort.value };
  if (grouping !== 'none') return { sort: { column: 'portsHeld', descending } };
  return { sort: sort.value, compare: descending ? blame : (a, b) => blame(b, a) };
}

function Empty() {
  const { rows, shown } = flows.value;
  if (rows.size > 0) return null;
  if (shown === null) return <Waiting />;
  if (shown.filter !== undefined) return <NoMatch text={shown.filter} />;
  return (
    <p class="empty">
      No TCP connection seen yet. A row appears as soon as a process connects or accepts; to see one:{' '}
      <code>curl {new URL('healthz', document.baseURI).href}</code>
    </p>
  );
}

function Waiting() {
  const text = useComputed(() => waitingWords(link.value, now.value)).value;
  return <p class="empty">{text}</p>;
}

function NoMatch({ text }: { text: string }) {
  return (
    <p class="empty">
      No flow matches <code>{text}</code>.{' '}
      <button type="button" onClick={() => setFilter('')} disabled={filter.value === ''}>
        Show all
      </button>
    </p>
  );
}

/** The sum of the rows that the limit hides, so that none is left out without a word. */
function More() {
  const { other } = flows.value;
  if (other === null) return null;
  const held = integer(other.portsHeld);
  return (
    <p class="more">
      {integer(other.rows)} more below this rank, together {held} ports held and {rate(other.openPerSec)}{' '}
      open/s.{' '}
      {limit.value < MANY_ROWS ? (
        <button type="button" onClick={showMore}>
          Show {integer(MANY_ROWS)}
        </button>
      ) : (
        'A filter or a grouping shows them.'
      )}
    </p>
  );
}
