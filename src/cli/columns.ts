/**
 * The culprit table: WHO → WHERE, the most important columns first to last to go. Enters: flow rows. Leaves: columns for
 * table.ts. Called by top.
 */
import type { Group } from '../protocol/frames.js';
import type { FlowRow } from '../protocol/rows.js';
import type { Column } from './table.js';
import { count, endpoint, type Glyphs, printable, rate, span } from './text.js';

/** Columns of the flows table; a grouped one begins with what it is grouped by. */
export function flowColumns(group: Group | undefined): readonly Column<FlowRow>[] {
  return [...(group ? GROUPED[group] : SINGLE), ...NUMBERS];
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

const NUMBERS = [
  number('PORTS', 0, (row) => count(row.portsHeld)),
  number('TIME_WAIT', 0, (row) => count(row.timeWait)),
  number('ESTAB', 2, (row) => count(row.established)),
  number('OPEN/s', 0, (row) => rate(row.openPerSec)),
  number('FAIL/s', 3, (row) => rate(row.failPerSec)),
  number('OPENED', 4, (row, glyphs) => atLeast(row, row.opened, glyphs)),
  number('LIFE p50', 5, (row) => span(row.lifetimeMs.p50)),
  number('CLOSED 1st', 6, (row, glyphs) => atLeast(row, row.closedFirst, glyphs)),
  number('FAILED', 7, (row, glyphs) => atLeast(row, row.failed, glyphs)),
];

/** Dead processes without a row of their own show as their program. */
function whoOf({ process, program }: FlowRow): string | null {
  if (process.pid === null && program !== null) return program;
  const name = process.comm ?? process.exe;
  const state = process.self ? ' (self)' : process.exited ? ' (exited)' : '';
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
