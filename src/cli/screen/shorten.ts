/**
 * Prose about what others have named: escaped, and on a screen bounded. A name that is too long loses its middle, so that the sentence
 * around it can be read. What is there to be copied does not go through here. In: text, the names in it. Out: text of one line.
 */
import { widthOf } from './table.js';
import { printable } from './text.js';

export type Shorten = (text: string) => string;

/** Cells of a name, of a word, and of a text. The service's own names, paths and sentences are shorter. */
const LONGEST_NAME = 64;
const LONGEST_TEXT = 640;
/** What stands in front of a word in its line, at most. */
const MARGIN = 16;

/**
 * @param names in the texts, as their rows have them
 * @param columns Infinity: for a file or a pipe, where all of it is written
 */
export function shortener(names: Iterable<string | null>, columns: number, more: string): Shorten {
  if (columns === Number.POSITIVE_INFINITY) return printable;
  const long = longest(names);
  const word = Math.max(MARGIN, Math.min(LONGEST_NAME, columns - MARGIN));
  return (text) => {
    const named = long.reduce(
      (shorter, name) => shorter.replaceAll(name, () => bounded(name, word, more)),
      text,
    );
    const words = bounded(named, LONGEST_TEXT, ` ${more} `).split(' ');
    return words.map((one) => bounded(one, word, more)).join(' ');
  };
}

/** Names that have to be cut, those first in which others may be. */
function longest(names: Iterable<string | null>): string[] {
  const long = [...names].filter((name) => name !== null && name.length > LONGEST_NAME) as string[];
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

/**
 * Escaped; both ends of what is too long. A mark that takes no cell counts as one: there is no end to them. So few characters of either
 * end have to be looked at, of a quarter of a million in a command line.
 */
function bounded(text: string, most: number, more: string): string {
  const near = text.length > 4 * most ? text.slice(0, 2 * most) + text.slice(-2 * most) : text;
  const characters = [...printable(near)];
  const sizes = characters.map((character) => Math.max(1, widthOf(character)));
  if (sizes.reduce((sum, size) => sum + size, 0) <= most) return characters.join('');
  const room = (most - widthOf(more)) / 2;
  const head = fitting(sizes, room);
  const tail = fitting(sizes.toReversed(), room);
  return characters.slice(0, head).join('') + more + characters.slice(characters.length - tail).join('');
}

/** How many of them fit. */
function fitting(sizes: readonly number[], room: number): number {
  let used = 0;
  let count = 0;
  for (const size of sizes) {
    used += size;
    if (used > room) break;
    count += 1;
  }
  return count;
}
