/**
 * The culprit table: WHO → WHERE, the most important columns the last to go. Enters: flow rows. Leaves: columns for
 * table.ts, and what a process is called. Called by top.
 */
import type { Group } from '../../protocol/frames.js';
import type { FlowRow, ProcessInfo } from '../../protocol/rows.js';
import type { Column } from './table.js';
import { count, endpoint, type Glyphs, printable, rate, span } from './text.js';

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
const text = (title: string, cell: (row: FlowRow) => string | null, shrinkTo: number): Column<FlowRow> => ({
  title,
  align: 'left',
  priority: 0,
  shrinkTo,
  cell: (row) => safe(cell(row)),
});

const PID = number('PID', 0, (row) => (row.process.pid === null ? null : String(row.process.pid)));
const WHO = text('PROCESS', whoOf, 12);
const DIRECTION: Column<FlowRow> = { title: 'DIR', align: 'left', priority: 1, cell: (row) => row.direction };
const WHERE = text('DESTINATION', (row) => endpoint(row.destination), 21);

const SINGLE = [PID, WHO, DIRECTION, WHERE];
const GROUPED: Readonly<Record<Group, readonly Column<FlowRow>[]>> = {
  program: [text('PROGRAM', (row) => row.program ?? whoOf(row), 16)],
  unit: [text('UNIT', (row) => row.process.unit, 16)],
  destination: [DIRECTION, WHERE],
  netns: [number('NETNS', 0, (row) => (row.netns === null ? null : String(row.netns)))],
};

/** By the row field that sorts by them. */
const NUMBERS: readonly (readonly [string, Column<FlowRow>])[] = [
  ['portsHeld', number('PORTS', 0, (row) => count(row.portsHeld))],
  ['timeWait', number('TIME_WAIT', 0, (row) => count(row.timeWait))],
  ['established', number('ESTAB', 2, (row) => count(row.established))],
  ['openPerSec', number('OPEN/s', 0, (row) => rate(row.openPerSec))],
  ['failPerSec', number('FAIL/s', 3, (row) => rate(row.failPerSec))],
  ['opened', number('OPENED', 4, (row, glyphs) => atLeast(row, row.opened, glyphs))],
  ['lifetimeMs.p50', number('LIFE p50', 5, (row) => span(row.lifetimeMs.p50))],
  ['closedFirst', number('CLOSED 1st', 6, (row, glyphs) => atLeast(row, row.closedFirst, glyphs))],
  ['failed', number('FAILED', 7, (row, glyphs) => atLeast(row, row.failed, glyphs))],
];

/** Dead processes without a row of their own show as their program. */
function whoOf({ process, program }: FlowRow): string | null {
  return process.pid === null && program !== null ? program : nameOf(process);
}

/** What a process is called, and what else there is to know of it; null when nobody knows. Not yet safe to print. */
export function nameOf({ comm, exe, self, exited }: ProcessInfo): string | null {
  const name = comm ?? exe;
  const state = self ? ' (self)' : exited ? ' (exited)' : '';
  return name === null ? null : name + state;
}

/** From a row that may miss lost events a count is a lower bound, and says so. */
function atLeast(row: FlowRow, value: number | null, glyphs: Glyphs): string | null {
  const shown = count(value);
  return shown !== null && row.lowerBound ? glyphs.atLeast + shown : shown;
}

function safe(value: string | null): string | null {
  return value === null ? null : printable(value);
}
