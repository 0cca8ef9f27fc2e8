/**
 * Lines that fit a terminal without being broken inside a word. In: safe text of one line, columns; Infinity: there is no end to fit. Out:
 * lines. A word that is wider than the terminal stands whole, on a line of its own.
 */
import { widthOf } from './table.js';

/** What stands before the words: blanks, and the number of an item or a command's prompt. */
const LEAD = /^ *(?:\d+\. |(?:undo: )?\$ )?/;
/** Ends a line of a command that goes on. */
const GOES_ON = ' \\';
/** A comment of the languages that fixes are written in. */
const COMMENT = /^\s*(?:#|;|\/\/) +/;
/** Begins text that a shell takes as it is, up to a line with this word alone. */
const HERE_DOCUMENT = /<<'?(\w+)'?/;

/** Prose: lines that follow begin where the words of the first one do. */
export function wrapped(line: string, columns: number): string[] {
  const [lead = ''] = LEAD.exec(line) ?? [];
  return filled(lead, line.slice(lead.length).split(' '), columns);
}

/** Parts of one line; those that follow begin below each other. Only a part that is wider than a line is itself broken, at a blank. */
export function wrappedParts(
  parts: readonly string[],
  gap: string,
  indent: string,
  columns: number,
): string[] {
  const room = columns - indent.length;
  const words = parts.flatMap((part) => (widthOf(part) > room ? part.split(' ') : [part]));
  return filled('', words, columns, { gap, blank: indent });
}

/** A command: as it is, or over several lines that a shell takes for the same one. */
export function wrappedCommand(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const [lead = ''] = LEAD.exec(line) ?? [];
  return filled(lead, partsOf(line.slice(lead.length)), columns - GOES_ON.length, { end: GOES_ON });
}

/** Lines to be pasted: comments and a shell's commands go on in the next line, any other code is as it is. */
export function wrappedCode(lines: readonly string[], language: string | null, columns: number): string[] {
  let until: string | null = null;
  return lines.flatMap((line) => {
    const isText = until !== null;
    if (line === until) until = null;
    else if (!isText && language === 'shell') until = HERE_DOCUMENT.exec(line)?.[1] ?? null;
    if (isText || widthOf(line) <= columns) return [line];
    const [lead] = COMMENT.exec(line) ?? [];
    if (lead !== undefined) return filled(lead, line.slice(lead.length).split(' '), columns, { blank: lead });
    return language === 'shell' && until === null ? shellLines(line, columns) : [line];
  });
}

/** A comment behind a command stands below it: what goes on behind a comment would be a command. */
function shellLines(line: string, columns: number): string[] {
  const parts = partsOf(line);
  const at = parts.findIndex((part) => part.startsWith('#'));
  if (at < 0) return wrappedCommand(line, columns);
  const [, ...words] = parts.slice(at).join(' ').split(' ');
  return [
    ...wrappedCommand(parts.slice(0, at).join(' ').trimEnd(), columns),
    ...filled('# ', words, columns, { blank: '# ' }),
  ];
}

interface Filling {
  /** Between two words of a line. */
  readonly gap?: string;
  /** Ends each line but the last. */
  readonly end?: string;
  /** Begins each line but the first. */
  readonly blank?: string;
}

function filled(lead: string, words: readonly string[], columns: number, filling: Filling = {}): string[] {
  const { gap = ' ', end = '', blank = ' '.repeat(widthOf(lead)) } = filling;
  const [first = '', ...rest] = words;
  const lines: string[] = [];
  let line = `${lead}${first}`;
  for (const word of rest) {
    if (widthOf(line) + widthOf(gap) + widthOf(word) <= columns) line += `${gap}${word}`;
    else {
      lines.push(`${line.trimEnd()}${end}`);
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
