/**
 * Text for terminals. Names and command lines come from other processes and may hold escapes, so whatever they wrote goes
 * through printable() or jsonText() before it is printed. In: text, values. Out: safe text; the glyphs of a terminal.
 */
import { hex, spelled } from '../../protocol/format.js';

const escaped = (c: string) => (c.charCodeAt(0) < 0x100 ? `\\x${hex(c, 2)}` : `\\u${hex(c)}`);

/** One line that says what it says: a hostile character appears as \xNN or \uNNNN. */
export function printable(text: string): string {
  return spelled(text, escaped);
}

/** JSON on one line, equal in value, in which no character can steer a terminal. */
export function jsonText(value: unknown): string {
  return spelled(JSON.stringify(value), (c) => `\\u${hex(c)}`);
}

/** An escape of JSON, or all of an error's stack: its lines are ours, and are told apart. */
const ESCAPES = /"stack":"(?:[^"\\]|\\.)*"|\\(?:u[\da-f]{4}|.)/gis;
const ESCAPE = /\\(?:u[\da-f]{4}|.)/gis;

/** A line of JSON for a log: its texts, once parsed, are as printable() writes them, since whoever reads a log prints them. */
export function printableTexts(json: string): string {
  const inJson = (character: string) => `\\${escaped(character)}`;
  const again = (code: string) => {
    const character: string = JSON.parse(`"${code}"`);
    const safe = spelled(character, inJson);
    return safe === character ? code : safe;
  };
  const parts = json.replace(ESCAPES, (part) =>
    part.startsWith('"')
      ? part.replace(ESCAPE, (code) => (code === '\\n' ? code : again(code)))
      : again(part),
  );
  return spelled(parts, inJson);
}

/** One row per line of JSON; empty text for no rows. */
export function ndjson(rows: readonly object[]): string {
  return rows.map((row) => `${jsonText(row)}\n`).join('');
}

/** Glyphs, and what stands for them with --ascii. */
export interface Glyphs {
  readonly unknown: string;
  readonly arrow: string;
  readonly dot: string;
  readonly more: string;
  readonly atLeast: string;
  readonly ok: string;
  readonly warn: string;
  readonly fail: string;
  /** The two parts of a bar. */
  readonly full: string;
  readonly empty: string;
  /** Of the live screen: where the cursor stands, a line across, a value in a cell from least to most. */
  readonly cursor: string;
  readonly rule: string;
  readonly levels: string;
  /** A share of a cell from nothing to all. */
  readonly shades: string;
  readonly live: string;
  readonly less: string;
  readonly greater: string;
}
export const UNICODE: Glyphs = {
  unknown: '–',
  arrow: '→',
  dot: '·',
  more: '…',
  atLeast: '≥',
  ok: '✓',
  warn: '!',
  fail: '✗',
  full: '█',
  empty: '░',
  cursor: '▶',
  rule: '─',
  levels: '▁▂▃▄▅▆▇█',
  shades: '·░▒▓█',
  live: '●',
  less: '‹',
  greater: '›',
};
export const ASCII: Glyphs = {
  unknown: '-',
  arrow: '->',
  dot: '|',
  more: '~',
  atLeast: '>=',
  ok: '+',
  warn: '!',
  fail: 'x',
  full: '#',
  empty: '.',
  cursor: '>',
  rule: '-',
  levels: '_.:-=+*#',
  shades: '.:+*#',
  live: '*',
  less: '<',
  greater: '>',
};
