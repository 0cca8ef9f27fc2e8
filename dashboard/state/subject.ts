/**
 * What an open row is about, as filters of the service: the row itself, its failures, its events, the flows behind a group.
 * In: a row. Out: filter expressions. Pure.
 */
import type { Group } from '../../src/protocol/names.js';
import type { FailureRow, FindingRow, FlowRow, ProcessInfo } from '../../src/protocol/rows.js';

/** Text taken literally, whatever a process put into it. */
const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A filter that lets the row through and hardly any other; null: there is none. A group's key names what it sums up. */
export function rowFilter(group: Group | null, key: string): string | null {
  if (group === null) return `key:${quoted(key)}`;
  const value = key.slice(group.length + 1);
  if (value === '') return null;
  if (group === 'destination') return `dst:${value}`;
  return group === 'netns' ? `netnsId:${value}` : `${group}:${quoted(value)}`;
}

/** Raw transitions would say everything twice. */
const WHOLE = '!type:transition';

/** The events of its process; where short-lived processes were rolled up, of all processes with their name. */
export function eventFilter({ process }: FlowRow): string | null {
  if (process.exited === true && process.pid !== null) return null;
  if (process.pid !== null) return `pid:${process.pid} ${WHOLE}`;
  if (process.name === null) return null;
  const { comm } = process.parent;
  const parent = comm === null ? '' : ` process.parent.comm:${quoted(comm)}`;
  const script = process.script === null ? '' : ` process.script:${quoted(process.script)}`;
  return `process.name:${quoted(process.name)}${script}${parent} ${WHOLE}`;
}

export function failureFilter({ process, program }: FlowRow): string | null {
  if (process.pid !== null) return `pid:${process.pid}`;
  return program === null ? null : `program:${quoted(program)}`;
}

/** The same process: a pid alone may have had others. Start times come from one clock, to the millisecond. */
export function isSame(a: ProcessInfo, b: ProcessInfo): boolean {
  const known = a.startTime !== null && b.startTime !== null;
  return (
    a.pid !== null &&
    a.pid === b.pid &&
    (!known || Math.abs(Number(a.startTime) - Number(b.startTime)) < 1000)
  );
}

/** Is this failure, or finding, about the row's process, or, where that has ended, about its program? */
export function concerns(row: FlowRow, other: Pick<FailureRow | FindingRow, 'process' | 'program'>): boolean {
  if (row.process.pid !== null && other.process.pid !== null) return isSame(row.process, other.process);
  return row.program !== null && row.program === other.program;
}
