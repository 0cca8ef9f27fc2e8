/**
 * Items on one screen: each in a line, and below the first ones what to do, as far as there is room. In: the lines
 * above them, items, the room. Out: lines that are no higher than the room together, one row kept free for the prompt.
 */
import { integer } from '../../protocol/format.js';
import { evidenceText } from '../../view/evidence.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import { commandLines, ROLE_WORDS } from './item-lines.js';
import type { Item } from './items.js';
import { paintOf, type Style } from './style.js';
import { widthOf } from './table.js';
import { printable } from './text.js';
import { cutAtWord } from './wrap.js';

export interface Room {
  readonly rows: number;
  readonly columns: number;
}

/** Items with a line of their own; the rest is counted. */
const MOST_TITLES = 5;
/** Rows that one thing above the items may take; it is cut then. */
const HEAD_ROWS = 3;

/** Rows of a terminal that the lines take; colours take none. */
export function height(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}

/** @param head each thing that is said there, in lines */
export function briefLines(
  head: readonly (readonly string[])[],
  items: readonly Item[],
  room: Room,
  style: Style,
): string[] {
  const shown = items.slice(0, MOST_TITLES);
  const top = head.flatMap((lines) => fewer(lines, style));
  const rest = cutAtWord(restLine(items.length - shown.length, style), room.columns, style.glyphs.more);
  let free = room.rows - 1 - height([...top, '', rest], room.columns) - Math.max(1, shown.length);
  const body = shown.flatMap((item, i) => {
    const details = detailsOf(item, room, style).filter((group) => {
      const rows = height(group, room.columns);
      if (rows > free) return false;
      free -= rows;
      return true;
    });
    return [titleLine(item, i + 1, room, style), ...details.flat()];
  });
  return [...top, '', ...(body.length > 0 ? body : ['Nothing was found that somebody should change.']), rest];
}

function fewer(lines: readonly string[], { glyphs }: Style): string[] {
  if (lines.length <= HEAD_ROWS) return [...lines];
  return [
    ...lines.slice(0, HEAD_ROWS - 1),
    `${(lines[HEAD_ROWS - 1] as string).replace(/ \S*$/, '')} ${glyphs.more}`,
  ];
}

function titleLine({ severity, title }: Item, number: number, { columns }: Room, style: Style): string {
  const word = severity.toUpperCase();
  const text = cutAtWord(`${number}. ${word}  ${printable(title)}`, columns, style.glyphs.more);
  return text.replace(word, paintOf(SEVERITY_TONES[severity], style.colors)(word));
}

/** What to do, in its order, then what was seen. A command is never cut: it is there to be copied. */
function detailsOf({ remedies, evidence }: Item, { columns }: Room, { glyphs }: Style): string[][] {
  const short = (line: string) => cutAtWord(`   ${printable(line)}`, columns, glyphs.more);
  const [seen] = evidence;
  return [
    ...remedies.map(({ role, text, reason, command, undo }) => [
      short(`${ROLE_WORDS[role]}: ${text}${reason === null ? '' : `: ${reason}`}`),
      ...commandLines('     $ ', command, columns),
      ...commandLines('     undo: $ ', undo, columns),
    ]),
    seen ? [short(`Seen: ${seen.text}: ${evidenceText(seen) ?? 'unknown'}`)] : [],
  ];
}

function restLine(more: number, { glyphs }: Style): string {
  const findings = more > 0 ? `${integer(more)} more ${more === 1 ? 'finding' : 'findings'}, and ` : '';
  return `${glyphs.more} ${findings}all evidence and every fix: portchurn why --all`;
}
