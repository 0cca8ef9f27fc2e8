/**
 * Aligned columns that fit a width: the flexible column gets shorter, then the least important columns go.
 * In: columns, rows, style. Out: lines without trailing spaces. Own code because it is padding and little else: for 1,000
 * rows of 12 columns this takes 10–30 ms where cli-table3 took 2.5–3.7 s (Node 20, two busy cores).
 */
import stringWidth from 'string-width';
import { besideIn } from '../../protocol/parts/destination.js';
import type { Style } from './style.js';
import type { Glyphs } from './text.js';

export interface Column<Row> {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Where room is short the highest number goes first; 0 never goes. */
  readonly priority: number;
  /** May be cut to this many columns before others go. */
  readonly shrinkTo?: number;
  /** Safe text, or null for unknown. */
  readonly cell: (row: Row, glyphs: Glyphs) => string | null;
  /** Safe texts of which one stands dimmed behind the cell's where there is room, the longest first: they give way before anything else. */
  readonly beside?: (row: Row, glyphs: Glyphs) => readonly string[];
}

interface Sized {
  readonly align: 'left' | 'right';
  readonly priority: number;
  readonly shrinkTo: number;
  readonly width: number;
  /** Header first. */
  readonly texts: readonly string[];
  readonly besides: readonly (readonly string[])[];
  /** Without what stands beside. */
  readonly bare: number;
}

const GAP = '  ';
/** Priority of a column of which nothing is known: the first to go. */
const USELESS = Number.POSITIVE_INFINITY;

/** The header line, then one line per row. */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  style: Style,
): string[] {
  const sized = columns.map((column) => size(column, rows, style.glyphs));
  const fitting = squeeze(barer(sized, missingOf(sized, style.width)), style.width);
  const line = (_: unknown, row: number) =>
    fitting
      .map((column) => pad(column, row, style))
      .join(GAP)
      .trimEnd();
  const [header = '', ...body] = Array.from({ length: rows.length + 1 }, line);
  return [style.colors.bold(header), ...body];
}

function size<Row>(column: Column<Row>, rows: readonly Row[], glyphs: Glyphs): Sized {
  const cells = rows.map((row) => column.cell(row, glyphs));
  const known = cells.length === 0 || cells.some((cell) => cell !== null);
  const priority = known ? column.priority : USELESS;
  const texts = [column.title, ...cells.map((cell) => cell ?? glyphs.unknown)];
  const besides = [[], ...rows.map((row) => column.beside?.(row, glyphs) ?? [])];
  const bare = texts.reduce((widest, text) => Math.max(widest, widthOf(text)), 0);
  const width = texts.reduce((widest, text, row) => Math.max(widest, withBeside(text, besides[row])), bare);
  const shrinkTo = Math.min(column.shrinkTo ?? bare, bare);
  return { ...column, priority, texts, besides, bare, width, shrinkTo };
}

const withBeside = (text: string, [longest]: readonly string[] = []) =>
  widthOf(text) + (longest === undefined ? 0 : 1 + widthOf(longest));

/** What stands beside gives way first. */
function barer(columns: readonly Sized[], missing: number): readonly Sized[] {
  let left = missing;
  return columns.map((column) => {
    const taken = Math.max(0, Math.min(left, column.width - column.bare));
    left -= taken;
    return { ...column, width: column.width - taken };
  });
}

function missingOf(columns: readonly Sized[], width: number): number {
  return columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length) - width;
}

function squeeze(columns: readonly Sized[], width: number): readonly Sized[] {
  const missing = missingOf(columns, width);
  if (missing <= 0) return columns;
  const spare = columns.reduce((sum, column) => sum + column.width - column.shrinkTo, 0);
  const last = columns.reduce((worst, column) => Math.max(worst, column.priority), 0);
  if (spare >= missing || last === 0) return shrink(columns, missing);
  return squeeze(
    columns.filter((column) => column.priority < last),
    width,
  );
}

/** Takes from the flexible columns, left to right, never below shrinkTo. */
function shrink(columns: readonly Sized[], missing: number): readonly Sized[] {
  let left = missing;
  return columns.map((column) => {
    const taken = Math.max(0, Math.min(left, column.width - column.shrinkTo));
    left -= taken;
    return { ...column, width: column.width - taken };
  });
}

function pad({ texts, besides, width, align }: Sized, row: number, { glyphs, colors }: Style): string {
  const text = cut(texts[row] ?? '', width, glyphs.more);
  const room = width - widthOf(text);
  const shorten = (beside: string, most: number) => cut(beside, most, glyphs.more);
  const beside = besideIn(besides[row] ?? [], room, shorten, widthOf);
  const blank = ' '.repeat(room - widthOf(beside));
  const shown = beside === '' ? text : text + colors.dim(beside);
  return align === 'right' ? blank + shown : shown + blank;
}

/** At most `width` terminal columns, the last one a mark when something is missing. */
export function cut(text: string, width: number, mark: string): string {
  if (widthOf(text) <= width) return text;
  const kept = [...text].slice(0, width);
  while (kept.length > 0 && widthOf(kept.join('')) > width - 1) kept.pop();
  return kept.join('') + mark;
}

/** Characters one column wide, which is nearly all there are: the width is the length. */
const PLAIN = /^[\x20-\x7e\u00c0-\u024f–…≥→]*$/;

/** Terminal columns of a text of one line. */
export function widthOf(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}
