/**
 * One printed table: a line that sums up the machine, WHO → WHERE, and what the table leaves out. Enters: a snapshot body,
 * totals. Leaves: text. Called by top.
 */
import type { Group, SnapshotBody } from '../protocol/frames.js';
import type { TotalsRow } from '../protocol/rows.js';
import { flowColumns } from './columns.js';
import { rowsOf } from './feed.js';
import type { Style } from './style.js';
import { tableLines } from './table.js';
import { clock, count, rate } from './text.js';

const NOTHING = 'No TCP connection seen yet. A row appears as soon as a process connects or accepts.';
const NOTHING_MATCHES = 'No flow matches the filter.';

export function screen(
  body: SnapshotBody,
  totals: readonly TotalsRow[],
  group: Group | undefined,
  style: Style,
): string {
  const flows = rowsOf(body, 'flows');
  const table = flows.length === 0 ? [emptyWords(totals)] : tableLines(flowColumns(group), flows, style);
  return `${[headLine(body.time, totals, style), ...table, ...restLine(body, style)].join('\n')}\n`;
}

function emptyWords(totals: readonly TotalsRow[]): string {
  return totals.some((row) => (row.opened ?? 0) > 0) ? NOTHING_MATCHES : NOTHING;
}

type Field = 'timeWait' | 'timeWaitAttributed' | 'openPerSec' | 'failPerSec';

/** Null when no namespace knows. */
function sum(totals: readonly TotalsRow[], field: Field): number | null {
  const known = totals.map((row) => row[field]).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
}

function headLine(time: number, totals: readonly TotalsRow[], { glyphs, colors }: Style): string {
  const parts = [
    clock(time),
    `TIME_WAIT ${count(sum(totals, 'timeWait')) ?? glyphs.unknown}${ownerWords(totals)}`,
    `opens ${rate(sum(totals, 'openPerSec')) ?? glyphs.unknown}/s`,
    `failures ${rate(sum(totals, 'failPerSec')) ?? glyphs.unknown}/s`,
  ];
  const lost = lostWords(totals);
  return [...parts, ...(lost === null ? [] : [colors.yellow(lost)])].join(` ${glyphs.dot} `);
}

function ownerWords(totals: readonly TotalsRow[]): string {
  const all = sum(totals, 'timeWait');
  const owned = sum(totals, 'timeWaitAttributed');
  return all === null || owned === null || all === 0
    ? ''
    : ` (${((100 * owned) / all).toFixed(1)} % have an owner)`;
}

/** The counts of lost events are those of the whole process, the same in every row. */
function lostWords(totals: readonly TotalsRow[]): string | null {
  const lost = Math.max(0, ...totals.map((row) => (row.eventsLost ?? 0) + (row.eventsMissed ?? 0)));
  const bound = totals.some((row) => row.lowerBound) ? ': counts are a lower bound' : '';
  return lost === 0 ? null : `${count(lost)} events lost${bound}`;
}

function restLine(body: SnapshotBody, { glyphs }: Style): string[] {
  const other = body.topics.flows?.other;
  if (other == null) return [];
  const held = count(other.portsHeld);
  return [
    `${glyphs.more} ${count(other.rows)} more${held === null ? '' : `, holding ${held} ports`} (--limit)`,
  ];
}
