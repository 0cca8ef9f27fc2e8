/**
 * Tables of exactly a screen's width: columns go by priority until the rest fits, then what is left over makes the flexible ones wider.
 * In: columns, rows, a width. Out: lines of cells.
 */
import { besideAddress, besideIn } from '../../../protocol/parts/destination.js';
import type { Place } from '../../../protocol/rows.js';
import { type Glyphs, printable } from '../../screen/text.js';
import { fitted, type Line, type Look, span, widthOf } from '../tty/cells.js';

export interface Column<Row> {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly width: number;
  /** As wide as this where there is room. */
  readonly most?: number;
  /** Where room is short the highest goes first; 0 never goes. */
  readonly priority: number;
  /** Null: not known. `width`: what the column got. */
  cell(row: Row, width: number): string | null;
  look?(row: Row): Look;
  /** Where the row leads: who is there stands dimmed behind the text where there is room. */
  beside?(row: Row): Place | null;
}

export interface TableOptions<Row> {
  readonly width: number;
  readonly glyphs: Glyphs;
  /** How the row as a whole looks; null: as its cells say. */
  lookOf?(row: Row, at: number): Look | null;
}

const GAP = ' ';

/** The heading, then a line per row. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { width, glyphs, lookOf }: TableOptions<Row>,
): Line[] {
  const fitting = squeezed(columns, width);
  const heading = fitting.map(({ column, width }) => fitted(column.title, width, glyphs.more, column.align));
  const lines = rows.map((row, at) => {
    const whole = lookOf?.(row, at) ?? null;
    return fitting.flatMap(({ column, width }, place) => {
      const text = printable(column.cell(row, width) ?? glyphs.unknown);
      const beside = besideText(column.beside?.(row) ?? null, width - widthOf(text), glyphs);
      return [
        ...(place === 0 ? [] : [span(GAP, whole ?? 'plain')]),
        span(
          fitted(text, width - widthOf(beside), glyphs.more, column.align),
          whole ?? column.look?.(row) ?? 'plain',
        ),
        ...(beside === '' ? [] : [span(beside, whole ?? 'dim')]),
      ];
    });
  });
  return [[span(heading.join(GAP), 'dim')], ...lines];
}

/** All of the room, so that it stands at the text. */
function besideText(destination: Place | null, room: number, { arrow, more }: Glyphs): string {
  if (destination === null) return '';
  const cut = (text: string, width: number) => fitted(text, width, more);
  const beside = besideIn(besideAddress(destination, arrow).map(printable), room, cut, widthOf);
  return beside === '' ? '' : fitted(beside, room, more);
}

interface Fitted<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

function squeezed<Row>(columns: readonly Column<Row>[], width: number): Fitted<Row>[] {
  const needed = columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  const last = columns.reduce((most, { priority }) => Math.max(most, priority), 0);
  if (needed > width && last > 0) {
    return squeezed(
      columns.filter(({ priority }) => priority < last),
      width,
    );
  }
  let spare = Math.max(0, width - needed);
  return columns.map((column) => {
    const more = Math.min(spare, (column.most ?? column.width) - column.width);
    spare -= more;
    return { column, width: column.width + more };
  });
}
