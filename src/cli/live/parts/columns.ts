/**
 * Tables of exactly a screen's width: columns go by priority until the rest fits, then what is left over makes the flexible ones wider.
 * In: columns, rows, a width. Out: lines of cells.
 */
import type { Glyphs } from '../../screen/text.js';
import { fitted, type Line, type Look, span } from '../tty/cells.js';

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
      const text = fitted(column.cell(row, width) ?? glyphs.unknown, width, glyphs.more, column.align);
      return [
        ...(place === 0 ? [] : [span(GAP, whole ?? 'plain')]),
        span(text, whole ?? column.look?.(row) ?? 'plain'),
      ];
    });
  });
  return [[span(heading.join(GAP), 'dim')], ...lines];
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
