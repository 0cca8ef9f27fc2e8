/**
 * Items on one screen: the worst one with its cure and first command, the others in a sentence, then what else to do, as far as there is
 * room. Nothing is cut: what has no room is left out, and the last line says how to see it. In: the lines above them, items, the page.
 * Out: lines that are no higher than the page together, one row kept free for the prompt; higher only where the worst item alone is.
 */
import { integer } from '../../protocol/format.js';
import { evidenceText } from '../../view/evidence.js';
import { ROLE_WORDS } from '../../view/incident.js';
import { commandLines, type Page, titleLines } from './item-lines.js';
import type { Item } from './items.js';
import { widthOf } from './table.js';
import { wrapped } from './wrap.js';

/** Items that are shown; the rest is counted. */
const MOST_TITLES = 5;

/** Rows of a terminal that the lines take; colours take none. */
export function height(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
}

type Lines = readonly string[];
/** What has to go together: all of it is shown, or none. */
interface Detail {
  readonly lines: Lines;
  /** Belongs below `lines`, if there is room. */
  readonly more: Lines;
  readonly hasCommand: boolean;
}

export function briefLines(head: Lines, items: readonly Item[], page: Page): string[] {
  const [worst, ...others] = items.slice(0, MOST_TITLES);
  if (worst === undefined) return [...head, '', NOTHING_FOUND, ...restLines(0, page)];
  const room = new Room(page, [...head, '', ...restLines(items.length, page)]);
  const title = room.must(titleLines(worst, 1, page));
  const details = detailsOf(worst, page);
  const vital = vitalOf(details);
  for (const { lines } of vital) room.must(lines);
  const titles: Lines[] = [];
  for (const [i, item] of others.entries()) {
    const lines = room.take(titleLines(item, i + 2, page));
    if (lines.length === 0) break;
    titles.push(lines);
  }
  return [
    ...[...head, '', ...title],
    ...details.flatMap((one) =>
      vital.includes(one) ? [...one.lines, ...room.take(one.more)] : room.takeDetail(one),
    ),
    ...titles.flatMap((lines, i) => [
      ...lines,
      ...detailsOf(others[i] as Item, page).flatMap((one) => room.takeDetail(one)),
    ]),
    ...restLines(items.length - 1 - titles.length, page),
  ];
}

/** The cure, and what can be done at once by a command. */
function vitalOf(details: readonly Detail[]): Detail[] {
  const [first] = details;
  return [...new Set([first, details.find(({ hasCommand }) => hasCommand)])].filter(
    (one) => one !== undefined,
  );
}

export const NOTHING_FOUND = 'Nothing was found that somebody should change.';

/** The rows that are left of a screen. */
class Room {
  readonly #columns: number;
  #free: number;

  constructor({ rows, columns }: Page, always: Lines) {
    this.#columns = columns;
    this.#free = rows - 1 - height(always, columns);
  }

  /** The lines, whether there is room or not. */
  must(lines: Lines): Lines {
    this.#free -= height(lines, this.#columns);
    return lines;
  }

  /** The lines, or none where there is no room for all of them. */
  take(lines: Lines): Lines {
    return height(lines, this.#columns) > this.#free ? [] : this.must(lines);
  }

  takeDetail({ lines, more }: Detail): Lines {
    const taken = this.take(lines);
    return taken.length === 0 ? [] : [...taken, ...this.take(more)];
  }
}

/** What to do, in its order, then what was seen. A command is never cut: it is there to be copied. */
function detailsOf({ remedies, evidence }: Item, { columns, shorten }: Page): Detail[] {
  const prose = (line: string) => wrapped(`   ${line}`, columns);
  const [seen] = evidence;
  const known = seen && shorten(`${seen.text}: ${evidenceText(seen) ?? 'unknown'}`);
  return [
    ...remedies.map(({ role, text, reason, command, undo }) => ({
      lines: [
        ...prose(`${ROLE_WORDS[role]}: ${shorten(`${text}${reason === null ? '' : `: ${reason}`}`)}`),
        ...commandLines('     $ ', command, columns),
      ],
      more: commandLines('     undo: $ ', undo, columns),
      hasCommand: command !== null,
    })),
    ...(known === undefined ? [] : [{ lines: prose(`Seen: ${known}`), more: [], hasCommand: false }]),
  ];
}

/** How to see what is not here. @param more items that are not shown */
function restLines(more: number, { columns, style }: Page): string[] {
  const findings = more > 0 ? `${integer(more)} more ${more === 1 ? 'finding' : 'findings'}, ` : '';
  const text = `${findings}every fix with its undo, all evidence: the same with --all`;
  return wrapped(`${style.glyphs.more} ${text}`, columns);
}
