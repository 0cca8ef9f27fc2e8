/**
 * A screen as a grid of cells: what stands in each, and how. Every text goes through printable() here, so that no name of another
 * process can steer the terminal. In: lines of spans. Out: a grid of exactly the size asked for.
 */
import stringWidth from 'string-width';
import { printable } from '../../screen/text.js';

/** Owners of ports on the map: as many as there are tints of their own (src/view/ports/tints.ts). */
type Tint = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** How a text looks. Without colours only bold, dim and inverse are left. */
export type Look =
  | 'plain'
  | 'bold'
  | 'dim'
  | 'good'
  | 'warn'
  | 'bad'
  | 'loud'
  | 'chosen'
  | 'title'
  | `tint-${Tint}`;

export interface Span {
  readonly text: string;
  readonly look: Look;
}

/** One line of the screen, from the left. */
export type Line = readonly Span[];

export const span = (text: string, look: Look = 'plain'): Span => ({ text, look });

export interface Grid {
  readonly width: number;
  readonly height: number;
  /** Row by row. The second cell of a wide character is an empty text. */
  readonly texts: readonly string[];
  readonly looks: readonly Look[];
}

/** Characters of one cell, which is nearly all there are. */
const PLAIN = /^[\x20-\x7e\u00a1-\u00ac\u00ae-\u024f–…≥→●○─│▶▁▂▃▄▅▆▇█░▒▓✓✗·±‹›]*$/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What is beyond the last line or column is cut off; what is missing is blank. */
export function gridOf(lines: readonly Line[], width: number, height: number): Grid {
  const texts: string[] = new Array(width * height).fill(' ');
  const looks: Look[] = new Array(width * height).fill('plain');
  for (let row = 0; row < Math.min(height, lines.length); row++) {
    let column = 0;
    for (const { text, look } of lines[row] ?? []) {
      for (const character of charactersOf(printable(text))) {
        const cells = cellsOf(character);
        if (column + cells > width) break;
        const at = row * width + column;
        texts[at] = character;
        looks[at] = look;
        if (cells === 2) {
          texts[at + 1] = '';
          looks[at + 1] = look;
        }
        column += cells;
      }
    }
  }
  return { width, height, texts, looks };
}

function charactersOf(text: string): Iterable<string> {
  return PLAIN.test(text) ? text : Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** A mark without a letter takes a cell of its own here: it is not worth a grid in which two share one. */
function cellsOf(character: string): 1 | 2 {
  return !PLAIN.test(character) && stringWidth(character) === 2 ? 2 : 1;
}

/** Terminal columns that a text takes. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(text)) width += cellsOf(character);
  return width;
}

/** Exactly `width` columns: filled with blanks, or cut with `more` as its last one. */
export function fitted(text: string, width: number, more: string, align: 'left' | 'right' = 'left'): string {
  const shown = printable(text);
  const missing = width - widthOf(shown);
  if (missing >= 0) return align === 'left' ? shown + ' '.repeat(missing) : ' '.repeat(missing) + shown;
  return shortened(shown, width, more);
}

function shortened(text: string, width: number, more: string): string {
  let kept = '';
  let used = 0;
  for (const character of charactersOf(text)) {
    const cells = cellsOf(character);
    if (used + cells > width - 1) break;
    kept += character;
    used += cells;
  }
  return width <= 0 ? '' : kept + more + ' '.repeat(Math.max(0, width - used - 1));
}

/** At most `width` columns: beginning and end stay, `more` stands for what was between them. */
export function middleCut(text: string, width: number, more: string): string {
  const shown = printable(text);
  if (widthOf(shown) <= width) return shown;
  const characters = [...charactersOf(shown)];
  const kept = { head: '', tail: '' };
  for (let left = width - widthOf(more), at = 0; at < characters.length; at++) {
    const fromHead = at % 2 === 0;
    const next = (fromHead ? characters[at / 2] : characters.at(-(at + 1) / 2)) ?? '';
    left -= widthOf(next);
    if (left < 0) break;
    if (fromHead) kept.head += next;
    else kept.tail = next + kept.tail;
  }
  return kept.head + more + kept.tail;
}
