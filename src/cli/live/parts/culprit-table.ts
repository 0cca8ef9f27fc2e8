/** WHO → WHERE: the culprits of the live screen, cursor included. In: a scene, a size. Out: lines. */
import { duration, endpoint, integer, percent, rate } from '../../../protocol/format.js';
import type { Group } from '../../../protocol/names.js';
import type { FlowRow } from '../../../protocol/rows.js';
import { ownerName, workloadMark } from '../../../view/names.js';
import { type Samples, SPARK_SECONDS } from '../../../view/spark.js';
import { nameOf } from '../../screen/flow-columns.js';
import type { Scene } from '../scene.js';
import type { SortField } from '../state.js';
import type { Line, Look } from '../tty/cells.js';
import { type Column, tableOf } from './columns.js';
import { rule } from './lines.js';
import { placeColumn } from './place-column.js';

const SORT_WORDS: Readonly<Record<SortField, string>> = {
  blame: 'blame',
  portsHeld: 'ports held',
  openPerSec: 'open/s',
  failPerSec: 'fail/s',
  timeWait: 'TIME_WAIT',
  opened: 'opened',
};

/** Title, heading, and as many rows as there is room for, the one with the cursor among them. */
export function culpritLines(scene: Scene, width: number, height: number): Line[] {
  const { flows, state, gone, glyphs } = scene;
  const { total } = scene.replica.tables.flows;
  const room = Math.max(0, height - 2);
  const at = Math.max(
    0,
    flows.findIndex(({ key }) => key === state.selected),
  );
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), flows.length - room));
  const rows = flows.slice(first, first + room);
  const lookOf = (row: FlowRow): Look | null => {
    if (state.selected !== null && row.key === state.selected) return 'chosen';
    return gone.has(row.key) ? 'dim' : null;
  };
  const table = tableOf(columnsOf(scene), rows, { width, glyphs, lookOf });
  const shown =
    rows.length < total ? `${integer(first + 1)}–${integer(first + rows.length)} of ${integer(total)}` : '';
  return [rule(titleOf(scene), shown, width, glyphs), ...(rows.length === 0 ? [[nothing(scene)]] : table)];
}

function titleOf({ state, glyphs }: Scene): string {
  const parts = [
    `WHO by ${state.group ?? 'process'}`,
    `sort ${SORT_WORDS[state.sort]}${state.ascending ? ' (rising)' : ''}`,
    ...(state.filter === '' ? [] : [`filter ${state.filter}`]),
    ...(state.frozen ? ['order FROZEN'] : []),
  ];
  return parts.join(` ${glyphs.dot} `);
}

function nothing({ state }: Scene) {
  const text =
    state.filter === '' && state.netns === null
      ? '  No TCP connection seen yet. A row appears as soon as a process connects or accepts.'
      : '  Nothing matches. Esc takes the filter back, n goes to the next namespace.';
  return { text, look: 'dim' } as const;
}

function columnsOf(scene: Scene): Column<FlowRow>[] {
  return [...whoColumns(scene), ...numberColumns(scene)];
}

function whoColumns(scene: Scene): Column<FlowRow>[] {
  const { group } = scene.state;
  const mark: Column<FlowRow> = {
    title: '',
    align: 'left',
    width: 1,
    priority: 0,
    cell: ({ key }) => (key === (scene.state.selected ?? scene.flows[0]?.key) ? scene.glyphs.cursor : ''),
  };
  const toward: Column<FlowRow> = {
    title: 'TOWARD',
    align: 'left',
    width: addressWidth(scene.flows),
    most: 47,
    priority: 0,
    cell: towardOf,
    beside: ({ destination }) => destination,
  };
  return group === null
    ? [mark, ...SINGLE, toward, placeColumn(scene, scene.flows, 'IN', 8)]
    : [mark, ...GROUPED[group]];
}

/** As wide as the addresses are, where they are of IPv4: they are not cut, others may be. */
function addressWidth(flows: readonly FlowRow[]): number {
  const longest = flows.reduce((most, row) => Math.max(most, towardOf(row)?.length ?? 0), LEAST_ADDRESS);
  return Math.min(longest, LONGEST_IPV4);
}

const LEAST_ADDRESS = 14;
const LONGEST_IPV4 = 'in 255.255.255.255:65535'.length;

function towardOf({ direction, destination }: FlowRow): string | null {
  const at = endpoint(destination);
  return direction === 'in' && at !== null ? `in ${at}` : at;
}

const who = (title: string, cell: (row: FlowRow) => string | null): Column<FlowRow> => ({
  title,
  align: 'left',
  width: 17,
  most: 40,
  priority: 0,
  cell,
  look: ({ process }) => (process.exited ? 'dim' : 'bold'),
});

const SINGLE: readonly Column<FlowRow>[] = [
  who('PROGRAM', (row) => (row.process.pid === null ? ownerName(row) : nameOf(row.process))),
  {
    title: 'PID',
    align: 'right',
    width: 7,
    priority: 0,
    cell: ({ process }) => (process.pid === null ? null : String(process.pid)),
  },
];

const GROUPED: Readonly<Record<Group, readonly Column<FlowRow>[]>> = {
  program: [who('PROGRAM', (row) => row.program ?? ownerName(row))],
  unit: [who('UNIT', ({ process }) => process.unit)],
  container: [who('CONTAINER', ({ process }) => process.container)],
  pod: [who('POD', ({ process }) => process.pod)],
  workload: [who('WORKLOAD', ({ process }) => workloadMark(process))],
  destination: [{ ...who('DESTINATION', towardOf), beside: ({ destination }) => destination }],
  netns: [who('NAMESPACE', ({ netns }) => (netns === null ? null : String(netns)))],
};

function numberColumns({ byPlace, sparks, glyphs }: Scene): Column<FlowRow>[] {
  const bound = (row: FlowRow, text: string | null) =>
    text !== null && row.lowerBound ? glyphs.atLeast + text : text;
  const number = (
    title: string,
    width: number,
    priority: number,
    cell: Column<FlowRow>['cell'],
  ): Column<FlowRow> => ({
    title,
    align: 'right',
    width,
    priority,
    cell,
  });
  return [
    number('HELD', 6, 0, (row) => integer(row.portsHeld)),
    number('SHARE', 5, 2, (row) => percent(byPlace.shareOf(row))?.replace(' ', '') ?? null),
    number('OPEN/s', 6, 0, (row) => rate(row.openPerSec)),
    {
      ...number('FAIL/s', 6, 0, (row) => rate(row.failPerSec)),
      look: (row) => (row.failPerSec ? 'bad' : 'plain'),
    },
    number('TIME_WAIT', 9, 4, (row) => integer(row.timeWait)),
    number('ESTAB', 6, 5, (row) => integer(row.established)),
    number('LIFE', 8, 6, (row) => duration(row.lifetimeMs.p50)),
    number('OPENED', 9, 7, (row) => bound(row, integer(row.opened))),
    {
      title: '60 s',
      align: 'left',
      width: 5,
      most: 30,
      priority: 3,
      cell: ({ key }, width) => sparkText(sparks.of(key), width, glyphs.levels),
      look: () => 'title',
    },
  ];
}

/** The newest value at the right; each cell is the largest of its share of the minute. */
export function sparkText(samples: Samples, width: number, levels: string): string {
  const known = samples.map((value) => value ?? 0);
  const top = Math.max(...known, 0);
  if (top === 0) return '';
  const all = [...Array<number>(Math.max(0, SPARK_SECONDS - known.length)).fill(-1), ...known];
  return Array.from({ length: width }, (_, at) => {
    const part = all.slice(
      Math.floor((at * SPARK_SECONDS) / width),
      Math.max(1, Math.floor(((at + 1) * SPARK_SECONDS) / width)),
    );
    const value = Math.max(...part, -1);
    return value < 0
      ? ' '
      : (levels[Math.min(levels.length - 1, Math.floor((value / top) * levels.length))] ?? ' ');
  }).join('');
}
