/**
 * From one screen to the next with few bytes: only runs of changed cells are written, in one text per frame that the terminal shows
 * at once (synchronized output, DEC mode 2026; terminals that do not know it ignore it). In: two grids. Out: what to write.
 */
import type { Grid, Look } from './cells.js';

const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';
const RESET = '\x1b[m';

/** SGR parameters (ECMA-48 8.3.117); the sixteen colours, which every palette makes readable. Tints: near those of the page, none of them red. */
const COLOURED: Readonly<Record<Look, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  good: '32',
  warn: '33',
  bad: '31',
  loud: '1;31',
  chosen: '7',
  title: '36',
  'tint-0': '94',
  'tint-1': '33',
  'tint-2': '32',
  'tint-3': '35',
  'tint-4': '95',
  'tint-5': '36',
  'tint-6': '93',
  'tint-7': '92',
};
const COLOURLESS: Readonly<Record<Look, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  good: '',
  warn: '1',
  bad: '1',
  loud: '1',
  chosen: '7',
  title: '2',
  'tint-0': '',
  'tint-1': '',
  'tint-2': '',
  'tint-3': '',
  'tint-4': '',
  'tint-5': '',
  'tint-6': '',
  'tint-7': '',
};

/** Unchanged cells that are written again rather than jumped over: a jump is about as long. */
const GAP = 6;

/** @param before null: the terminal shows something else. Empty text: nothing changed. */
export function paint(before: Grid | null, after: Grid, colours: boolean): string {
  const known = before?.width === after.width && before.height === after.height ? before : null;
  const looks = colours ? COLOURED : COLOURLESS;
  let text = '';
  for (let row = 0; row < after.height; row++) text += rowText(known, after, row, looks);
  if (text === '' && known !== null) return '';
  return `${BEGIN}${known === null ? `${RESET}\x1b[2J` : ''}${text}${RESET}${END}`;
}

function rowText(
  before: Grid | null,
  after: Grid,
  row: number,
  looks: Readonly<Record<Look, string>>,
): string {
  const start = row * after.width;
  const end = start + after.width;
  let text = '';
  for (let at = start; at < end; at++) {
    if (isSame(before, after, at)) continue;
    const last = runEnd(before, after, at, end);
    text += `\x1b[${row + 1};${at - start + 1}H${runText(after, at, last, start, looks)}`;
    at = last;
  }
  return text;
}

/** An unknown screen was cleared, so that blank cells are there already. */
function isSame(before: Grid | null, after: Grid, at: number): boolean {
  if (before === null) return after.texts[at] === ' ' && after.looks[at] !== 'chosen';
  return before.texts[at] === after.texts[at] && before.looks[at] === after.looks[at];
}

/** The last changed cell of the run; short gaps are part of it, and so is the second half of a wide character. */
function runEnd(before: Grid | null, after: Grid, from: number, end: number): number {
  let last = from;
  for (let at = from + 1; at < end && at - last <= GAP; at++) if (!isSame(before, after, at)) last = at;
  return last + 1 < end && after.texts[last + 1] === '' ? last + 1 : last;
}

function runText(
  after: Grid,
  from: number,
  last: number,
  start: number,
  looks: Readonly<Record<Look, string>>,
): string {
  let text = '';
  let look = '';
  for (let at = from; at <= last; at++) {
    const next = looks[after.looks[at] as Look];
    if (next !== look) text += next === '' ? RESET : `\x1b[0;${next}m`;
    look = next;
    text += after.texts[at];
    // Terminals disagree about the width of such characters: the next one is placed by its column.
    if (after.texts[at + 1] === '' && at + 2 <= last) text += `\x1b[${at + 2 - start + 1}G`;
  }
  return look === '' ? text : text + RESET;
}
