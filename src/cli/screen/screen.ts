/**
 * One printed screen: how the machine stands, WHO → WHERE, and what the table leaves out. In: a snapshot body, the
 * small tables. Out: text.
 */
import { integer } from '../../protocol/format.js';
import type { Group, SnapshotBody } from '../../protocol/frames.js';
import type { TotalsRow } from '../../protocol/rows.js';
import { rowsOf } from '../source/data-source.js';
import { flowColumns } from './flow-columns.js';
import type { Style } from './style.js';
import { type Machine, summaryLines } from './summary.js';
import { tableLines } from './table.js';

const NOTHING = 'No TCP connection seen yet. A row appears as soon as a process connects or accepts.';
const NOTHING_MATCHES = 'No flow matches the filter.';

export interface ScreenOptions {
  readonly group: Group | undefined;
  /** Row field the flows are sorted by, `-` in front for descending. */
  readonly sort: string | undefined;
}

export function screen(
  body: SnapshotBody,
  machine: Machine,
  { group, sort }: ScreenOptions,
  style: Style,
): string {
  const flows = rowsOf(body, 'flows');
  const summary = summaryLines(body.time, machine, style);
  const table =
    flows.length === 0 ? [emptyWords(machine.totals)] : tableLines(flowColumns(group, sort), flows, style);
  return `${[...summary, '', ...table, ...restLine(body, style)].join('\n')}\n`;
}

function emptyWords(totals: readonly TotalsRow[]): string {
  return totals.some((row) => (row.opened ?? 0) > 0) ? NOTHING_MATCHES : NOTHING;
}

function restLine(body: SnapshotBody, { glyphs }: Style): string[] {
  const other = body.topics.flows?.other;
  if (other == null) return [];
  const held = integer(other.portsHeld);
  return [
    `${glyphs.more} ${integer(other.rows)} more${held === null ? '' : `, holding ${held} ports`} (--limit)`,
  ];
}
