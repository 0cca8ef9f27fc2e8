/** What several parts of the live screen are made of: titled rules, wrapped text, bars. Out: lines. */
import { type Glyphs, printable } from '../../screen/text.js';
import { fitted, type Line, span, widthOf } from '../tty/cells.js';

/** A heading as a line across the screen, what belongs to its right end there. */
export function rule(title: string, right: string, width: number, { rule: stroke, more }: Glyphs): Line {
  const end = right === '' ? '' : ` ${right} `;
  const most = Math.max(0, width - widthOf(end) - 3);
  const name = widthOf(printable(title)) <= most ? printable(title) : fitted(title, most, more).trimEnd();
  const fill = Math.max(0, width - widthOf(name) - widthOf(end) - 3);
  return [span(`${stroke} `, 'dim'), span(name, 'title'), span(` ${stroke.repeat(fill)}${end}`, 'dim')];
}

/** Between words, where a word is not longer than the line; a longer one is cut into lines. Blanks at the beginning stay. */
export function wrapped(text: string, width: number, indent = ''): string[] {
  const columns = Math.max(1, width);
  return text.split('\n').flatMap((paragraph) => paragraphLines(printable(paragraph), columns, indent));
}

function paragraphLines(text: string, width: number, indent: string): string[] {
  const blanks = /^ */.exec(text)?.[0] ?? '';
  const start = (indent + blanks).slice(0, Math.max(0, width - 1));
  const lines: string[] = [];
  let line = start;
  for (const word of text.slice(blanks.length).split(' ')) {
    const longer = line === start ? start + word : `${line} ${word}`;
    if (line !== start && widthOf(longer) > width) {
      lines.push(line);
      line = start + word;
    } else line = longer;
    for (; widthOf(line) > width; line = start + [...line].slice(width).join('')) {
      lines.push([...line].slice(0, width).join(''));
    }
  }
  return [...lines, line];
}
