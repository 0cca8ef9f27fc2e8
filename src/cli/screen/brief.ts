/**
 * Findings on one screen: each active one in a line, and below the first ones what to do, as far as there is room. In: the lines
 * above them, findings, the room. Out: lines that are no higher than the room together, one row kept free for the prompt.
 */
import { integer } from '../../protocol/format.js';
import type { FindingRow } from '../../protocol/rows.js';
import { evidenceText } from '../../view/evidence.js';
import { SEVERITY_TONES } from '../../view/tone.js';
import { paintOf, type Style } from './style.js';
import { cut, widthOf } from './table.js';
import { printable } from './text.js';

export interface Room {
  readonly rows: number;
  readonly columns: number;
}

/** Findings with a line of their own; the rest is counted. */
const MOST_TITLES = 5;
/** Rows that a line above the findings may take; it is cut then. */
const HEAD_ROWS = 3;

/** Rows of a terminal that the lines take; colours take none. */
export function height(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}

export function briefLines(
  head: readonly string[],
  findings: readonly FindingRow[],
  room: Room,
  style: Style,
): string[] {
  const active = findings.filter(({ resolved }) => resolved === null);
  const shown = active.slice(0, MOST_TITLES);
  const top = head.map((line) => cut(line, HEAD_ROWS * room.columns, style.glyphs.more));
  const rest = cut(restLine(active.length - shown.length, style), room.columns, style.glyphs.more);
  let free = room.rows - 1 - height([...top, '', rest], room.columns) - Math.max(1, shown.length);
  const body = shown.flatMap((row, i) => {
    const details = detailsOf(row, room, style).filter((group) => {
      const rows = height(group, room.columns);
      if (rows > free) return false;
      free -= rows;
      return true;
    });
    return [titleLine(row, i + 1, room, style), ...details.flat()];
  });
  return [...top, '', ...(body.length > 0 ? body : ['Nothing was found that somebody should change.']), rest];
}

function titleLine({ severity, title }: FindingRow, number: number, { columns }: Room, style: Style): string {
  const word = severity.toUpperCase();
  const text = cut(`${number}. ${word}  ${printable(title)}`, columns, style.glyphs.more);
  return text.replace(word, paintOf(SEVERITY_TONES[severity], style.colors)(word));
}

/** Most useful first. A command is never cut: it is there to be copied. */
function detailsOf(row: FindingRow, { columns }: Room, { glyphs }: Style): string[][] {
  const short = (line: string) => cut(`   ${printable(line)}`, columns, glyphs.more);
  const [remedy] = row.doNow;
  const [fix] = row.fixForGood;
  const [seen] = row.evidence;
  const now = remedy && [
    short(`Do now: ${remedy.text}.`),
    ...(remedy.command === null ? [] : [`     $ ${printable(remedy.command)}`]),
    ...(remedy.undo === null ? [] : [`     undo: ${printable(remedy.undo)}`]),
  ];
  return [
    now ?? [],
    fix ? [short(`Fix for good: ${fix.text}`)] : [],
    seen ? [short(`Seen: ${seen.text}: ${evidenceText(seen) ?? 'unknown'}`)] : [],
  ];
}

function restLine(more: number, { glyphs }: Style): string {
  const findings = more > 0 ? `${integer(more)} more ${more === 1 ? 'finding' : 'findings'}, and ` : '';
  return `${glyphs.more} ${findings}all evidence and every fix: portchurn why --all`;
}
