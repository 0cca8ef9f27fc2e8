/**
 * The columns of the culprit table: who → where, then how much. Out: column lists per grouping, built once so that rows can
 * compare them by identity.
 */
import type { Group } from '../../../src/protocol/frames.js';
import type { FlowRow } from '../../../src/protocol/rows.js';
import { weightOf } from '../../../src/view/culprits.js';
import { ownerName, UNKNOWN_OWNER, workloadMark } from '../../../src/view/names.js';
import type { Value } from '../../../src/view/order.js';
import { growth } from '../../../src/view/spark.js';
import { BLAME } from '../../state/place.js';
import { byDestination } from '../../state/rows/beside.js';
import { lastMinuteOf } from '../../state/rows/culprits.js';
import { duration, endpoint, rate as rateText } from '../../text/format.js';
import { Address, BadRate, Count, Name, Process, Rate, Span } from '../table/cells.js';
import { type Column, numberColumn, textColumn } from '../table/column.js';
import { LastMinute, RunsOut, Share, Why } from './flow-cells.js';

type FlowColumn = Column<FlowRow>;

/** A text is all that its cell shows. */
const text = (...parts: Parameters<typeof textColumn<FlowRow>>): FlowColumn => {
  const column = textColumn(...parts);
  return { ...column, shows: column.value };
};

type Field = {
  [K in keyof FlowRow]: FlowRow[K] extends number | null ? K : never;
}[keyof FlowRow];

const number = (id: Field, label: string, title: string, cell: FlowColumn['cell']): FlowColumn =>
  numberColumn(id, label, title, (row) => row[id], cell);

const count = (id: Field, label: string, title: string): FlowColumn => ({
  ...number(id, label, title, (row) => <Count of={row[id]} atLeast={row.lowerBound} />),
  shows: (row) => counted(row, row[id]),
});

const counted = ({ lowerBound }: FlowRow, value: number | null) => (lowerBound ? `≥${value}` : value);

const rate = (id: Field, label: string, title: string): FlowColumn => ({
  ...number(id, label, title, (row) => <Rate of={row[id]} />),
  shows: (row) => rateText(row[id]),
});

const process: FlowColumn = {
  ...text('process.name', 'Process', 'Owner: who called connect(), or accept()', ownerName, (row) => (
    <Process process={row.process} program={row.program} />
  )),
  // Text, because each frame brings an object of its own.
  shows: ({ process, program }) => `${program}|${Object.values(process).join('|')}|${process.parent.comm}`,
};

const program = text(
  'program',
  'Program',
  'Executable and what starts it, over all its processes',
  (row) => row.program,
  (row) => <Name of={row.program} none={UNKNOWN_OWNER} />,
);

/** Where processes run: sums over all that have it in common. */
const placed = (field: 'unit' | 'container' | 'pod', label: string, title: string) =>
  text(
    `process.${field}`,
    label,
    title,
    (row) => row.process[field],
    (row) => <Name of={row.process[field]} none={`no ${field}`} />,
  );

const unit = placed('unit', 'Unit', 'systemd unit, over all its processes');
const container = placed('container', 'Container', 'Container, over all its processes');
const pod = placed('pod', 'Pod', 'Pod, with its namespace, over all its processes');
const workload = text(
  'process.workload',
  'Workload',
  "Deployment, StatefulSet …; ~: guessed by the names of its pods; Compose's service",
  (row) => row.process.workload,
  (row) => <Name of={workloadMark(row.process)} none="no workload" />,
);

const netns = number('netns', 'Namespace', 'Inode of the network namespace', (row) => row.netns ?? '–');

const direction = text(
  'direction',
  'Dir',
  'out: we connected, in: we accepted',
  (row) => row.direction,
  (row) => (row.direction === null ? <Name of={null} /> : row.direction === 'out' ? '→ out' : '← in'),
);

const destination = text(
  'destination.address',
  'Destination',
  'Outbound: remote address and port. Inbound: our listening port',
  (row) => endpoint(row.destination),
  (row) => <Address of={row.destination} />,
);

const lifetime: FlowColumn = {
  id: 'lifetimeMs.p50',
  label: 'Life p50',
  title: 'Half of the connections lived shorter than this, over the last 10 s',
  numeric: true,
  value: (row) => row.lifetimeMs.p50,
  shows: (row) => duration(row.lifetimeMs.p50),
  cell: (row) => <Span of={row.lifetimeMs.p50} />,
};

/** A key stands for all parts of the row that its cell depends on; the rest it follows by itself. */
function placeText({ key, netnsId, direction, destination }: FlowRow): string {
  return `${key}|${netnsId}|${direction}|${endpoint(destination)}`;
}

const runsOut: FlowColumn = {
  id: 'runsOut',
  label: 'Runs out',
  roomy: true,
  title: 'When the ports toward its destination run out at the present rate; of the tightest budgets',
  numeric: true,
  value: (row) => byDestination.peek().of(row)?.exhaustionSeconds ?? null,
  shows: placeText,
  cell: (row) => <RunsOut row={row} />,
};

/** Its share of the ports toward its destination; the table sorts by how urgent that is, too. */
const blame: FlowColumn = {
  id: BLAME,
  label: 'Of budget',
  title:
    'Share of the ports toward its destination that it holds; sorted by that and by how soon they run out',
  numeric: true,
  value: (row) => weightOf(row, byDestination.peek()),
  shows: (row) => `${row.portsHeld} ${placeText(row)}`,
  cell: (row) => <Share row={row} />,
};

const lastMinute: FlowColumn = {
  id: 'lastMinute',
  label: 'Last 60 s',
  title: 'Ports held, second by second; sorted by what they have grown by',
  numeric: true,
  value: (row) => growth(lastMinuteOf(row.key)),
  shows: ({ key }) => key,
  cell: (row) => <LastMinute row={row} />,
};

const FAILING = 'Attempts that failed per second, over the last 10 s, and why most of them';

const portsHeld = count('portsHeld', 'Ports held', 'Local ports held toward its destination');

const RATES: readonly FlowColumn[] = [
  rate('openPerSec', 'Open/s', 'Connections opened per second, over the last 10 s'),
  {
    ...number('failPerSec', 'Fail/s', FAILING, (row) => (
      <>
        {row.failPerSec ? <Why row={row} /> : null} <BadRate of={row.failPerSec} />
      </>
    )),
    shows: (row) => rateText(row.failPerSec),
  },
];

const COUNTS: readonly FlowColumn[] = [
  count('timeWait', 'TIME_WAIT', "Entries in the kernel's TIME_WAIT table, FIN_WAIT2 included"),
  count('established', 'Established', 'Connections open now'),
  count('opened', 'Opened', 'Reached ESTABLISHED since the start'),
  count('closedFirst', 'Closed first', 'This side sent the first FIN, so it pays the TIME_WAIT'),
  lifetime,
];

/** What a decision needs first: where there is little room the others are reached by scrolling. */
const MEASURES: readonly FlowColumn[] = [portsHeld, ...RATES, runsOut, lastMinute, ...COUNTS];
const FLOW_MEASURES: readonly FlowColumn[] = [
  blame,
  portsHeld,
  ...RATES,
  runsOut,
  lastMinute,
  direction,
  ...COUNTS,
];

export const FLOW_COLUMNS: Record<Group | 'none', readonly FlowColumn[]> = {
  none: [process, destination, ...FLOW_MEASURES],
  program: [program, ...MEASURES],
  unit: [unit, ...MEASURES],
  container: [container, ...MEASURES],
  pod: [pod, ...MEASURES],
  workload: [workload, ...MEASURES],
  destination: [destination, direction, ...MEASURES],
  netns: [netns, ...MEASURES],
};

/** Where ports are equal, or not known yet, the busier flow stands above. */
export const FLOW_TIES: readonly ((row: FlowRow) => Value)[] = [(row) => row.openPerSec, (row) => row.opened];
