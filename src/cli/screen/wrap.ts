/**
 * Lines that fit a terminal without being broken inside a word. In: safe text of one line, columns. Out: lines. A word that is wider than
 * the terminal stands whole, on a line of its own.
 */
import { cut, widthOf } from './table.js';

/** What stands before the words: blanks, and the number of an item or a command's prompt. */
const LEAD = /^ *(?:\d+\. |(?:undo: )?\$ )?/;
/** Ends a line of a command that goes on. */
const GOES_ON = ' \\';

/** Prose: lines that follow begin where the words of the first one do. */
export function wrapped(line: string, columns: number): string[] {
  const [lead = ''] = LEAD.exec(line) ?? [];
  return filled(lead, line.slice(lead.length).split(' '), columns, '');
}

/** A command: as it is, or over several lines that a shell takes for the same one. */
export function wrappedCommand(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const [lead = ''] = LEAD.exec(line) ?? [];
  return filled(lead, partsOf(line.slice(lead.length)), columns - GOES_ON.length, GOES_ON);
}

/** Cut behind a word, with a mark when something is missing. */
export function cutAtWord(line: string, columns: number, mark: string): string {
  if (widthOf(line) <= columns) return line;
  const kept = cut(line, columns, '');
  const end = kept.lastIndexOf(' ');
  return end > columns / 2 ? `${kept.slice(0, end)} ${mark}` : cut(line, columns, mark);
}

function filled(lead: string, words: readonly string[], columns: number, end: string): string[] {
  const blank = ' '.repeat(widthOf(lead));
  const [first = '', ...rest] = words;
  const lines: string[] = [];
  let line = `${lead}${first}`;
  for (const word of rest) {
    if (widthOf(line) + 1 + widthOf(word) <= columns) line += ` ${word}`;
    else {
      lines.push(`${line}${end}`);
      line = `${blank}${word}`;
    }
  }
  return [...lines, line];
}

/** Parted at the blanks that a shell takes for blanks: not those inside quotes, but those of a command inside quotes. */
function partsOf(command: string): string[] {
  const parts = [''];
  const inside: string[] = [];
  for (let at = 0; at < command.length; at++) {
    const two = command.slice(at, at + 2);
    const [one = ''] = two;
    const where = inside.at(-1);
    if (one === ' ' && (where === undefined || where === '(')) {
      parts.push('');
      continue;
    }
    const isPair = where !== "'" && (one === '\\' || two === '$(');
    if (isPair && one === '$') inside.push('(');
    else if (!isPair) step(inside, one);
    if (isPair) at += 1;
    parts[parts.length - 1] += isPair ? two : one;
  }
  return parts;
}

/** Quotes and brackets that are open, the innermost last. */
function step(inside: string[], one: string): void {
  const where = inside.at(-1);
  if (where === one && one !== '(') inside.pop();
  else if (where === '(' && one === ')') inside.pop();
  else if (where !== "'" && (one === '"' || (one === "'" && where !== '"'))) inside.push(one);
}
