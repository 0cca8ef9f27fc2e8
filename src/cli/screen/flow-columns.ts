/**
 * The culprit table: WHO → WHERE, the most important columns the last to go. In: flow rows. Out: columns for
 * table.ts, and what a process is called.
 */

import { duration, endpoint, integer, rate } from '../../protocol/format.js';
import type { Group } from '../../protocol/frames.js';
import { besideAddress } from '../../protocol/parts/destination.js';
import type { FlowRow, Place, ProcessInfo } from '../../protocol/rows.js';
import { workloadMark } from '../../view/names.js';
import type { Column } from './table.js';
import { type Glyphs, printable } from './text.js';

/** Columns of the flows table; a grouped one begins with what it is grouped by. What it is sorted by never goes. */
export function flowColumns(group: Group | undefined, sort = ''): readonly Column<FlowRow>[] {
  const field = sort.replace(/^-/, '');
  const numbers = NUMBERS.map(([name, column]) => (name === field ? { ...column, priority: 0 } : column));
  return [...(group ? GROUPED[group] : SINGLE), ...numbers];
}

type Cell = Column<FlowRow>['cell'];
const number = (title: string, priority: number, cell: Cell): Column<FlowRow> => ({
  title,
  align: 'right',
  priority,
  cell,
});
const text = (title: string, cell: Cell, shrinkTo: number): Column<FlowRow> => ({
  title,
  align: 'left',
  priority: 0,
  shrinkTo,
  cell: (row, glyphs) => safe(cell(row, glyphs)),
});

const PID = number('PID', 0, (row) => (row.process.pid === null ? null : String(row.process.pid)));
const WHO = text('PROCESS', whoOf, 12);
const DIRECTION: Column<FlowRow> = { title: 'DIR', align: 'left', priority: 1, cell: (row) => row.direction };
const WHERE: Column<FlowRow> = { ...text('DESTINATION', whereOf, 21), beside: besideDestination };

const SINGLE = [PID, WHO, DIRECTION, WHERE];
const GROUPED: Readonly<Record<Group, readonly Column<FlowRow>[]>> = {
  program: [text('PROGRAM', (row) => row.program ?? whoOf(row), 16)],
  unit: [text('UNIT', (row) => row.process.unit, 16)],
  container: [text('CONTAINER', (row) => row.process.container, 16)],
  pod: [text('POD', (row) => row.process.pod, 16)],
  workload: [text('WORKLOAD', (row) => workloadMark(row.process), 16)],
  destination: [DIRECTION, WHERE],
  netns: [number('NETNS', 0, (row) => (row.netns === null ? null : String(row.netns)))],
};

/** By the row field that sorts by them. */
const NUMBERS: readonly (readonly [string, Column<FlowRow>])[] = [
  ['portsHeld', number('PORTS', 0, (row) => integer(row.portsHeld))],
  ['timeWait', number('TIME_WAIT', 0, (row) => integer(row.timeWait))],
  ['established', number('ESTAB', 2, (row) => integer(row.established))],
  ['openPerSec', number('OPEN/s', 0, (row) => rate(row.openPerSec))],
  ['failPerSec', number('FAIL/s', 3, (row) => rate(row.failPerSec))],
  ['opened', number('OPENED', 4, (row, glyphs) => atLeast(row, row.opened, glyphs))],
  ['lifetimeMs.p50', number('LIFE p50', 5, (row) => duration(row.lifetimeMs.p50))],
  ['closedFirst', number('CLOSED 1st', 6, (row, glyphs) => atLeast(row, row.closedFirst, glyphs))],
  ['failed', number('FAILED', 7, (row, glyphs) => atLeast(row, row.failed, glyphs))],
];

function whereOf({ destination }: FlowRow, { unknown }: Glyphs): string | null {
  return endpoint(destination, unknown);
}

/** Who is at the other end and what the port is for, where that is known. */
export function besideDestination(
  { destination }: { readonly destination: Place },
  { arrow }: Glyphs,
): readonly string[] {
  return besideAddress(destination, arrow).map(printable);
}

/** Ended processes that were rolled up show as their program. */
function whoOf({ process, program }: FlowRow): string | null {
  return process.pid === null && program !== null ? program : nameOf(process);
}

/** What a process is called, and whether it is this tool or has ended; null when no name is known. Not yet safe to print. */
export function nameOf(process: ProcessInfo): string | null {
  const { name } = process;
  const state = process.self ? ' (self)' : process.exited ? ' (exited)' : '';
  return name === null ? null : name + state;
}

/** From a row that may miss lost events a count is a lower bound, and says so. */
function atLeast(row: FlowRow, value: number | null, glyphs: Glyphs): string | null {
  const shown = integer(value);
  return shown !== null && row.lowerBound ? glyphs.atLeast + shown : shown;
}

function safe(value: string | null): string | null {
  return value === null ? null : printable(value);
}
