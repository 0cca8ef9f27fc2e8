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
  return filled(lead, partsOf(line.slice(lead.length)).parts, columns - GOES_ON.length, { end: GOES_ON });
}

/** Lines to be pasted: comments, a shell's commands and lists in brackets go on in the next line, any other code is as it is. */
export function wrappedCode(lines: readonly string[], language: string | null, columns: number): string[] {
  const isFree = language === 'shell' ? shellReader() : () => false;
  let depth = 0;
  return lines.flatMap((line) => {
    const isCommand = isFree(line);
    const before = depth;
    depth = partsInBrackets(commentOf(line).code, depth).depth;
    if (widthOf(line) <= columns) return [line];
    if (language === 'shell' && !isCommand) return [line];
    const { code, comment } = commentOf(line);
    return [
      ...wrappedComment(comment, columns),
      ...(code === ''
        ? []
        : isCommand
          ? wrappedCommand(code, columns)
          : wrappedBrackets(code, language, columns, before)),
    ];
  });
}

/** A comma in brackets may end a line of it, and blanks may begin the next one. */
const FREE_FORM: ReadonlySet<string | null> = new Set([
  ...['javascript', 'python', 'ruby', 'php', 'java', 'go', 'csharp', 'c'],
]);

function wrappedBrackets(code: string, language: string | null, columns: number, depth: number): string[] {
  if (!FREE_FORM.has(language) || widthOf(code) <= columns) return [code];
  const indent = /^ */.exec(code)?.[0] ?? '';
  return filled('', partsInBrackets(code, depth).parts, columns, { blank: `${indent}    ` });
}

/** Parted behind commas and semicolons that are in brackets and not in quotes. @param before brackets that are open where it begins */
function partsInBrackets(code: string, before: number): { parts: string[]; depth: number } {
  const parts = [''];
  let depth = before;
  let quote: string | null = null;
  for (const [, token = ''] of code.matchAll(/(\\.|[,;] |.)/gs)) {
    const [one = ''] = token;
    if (quote === null && depth > 0 && token.length === 2 && one !== '\\') {
      parts[parts.length - 1] += one;
      parts.push('');
      continue;
    }
    parts[parts.length - 1] += token;
    if (quote !== null) quote = token === quote ? null : quote;
    else if (/["'`]/.test(token)) quote = token;
    else if (/[([{]/.test(token)) depth += 1;
    else if (/[)\]}]/.test(token)) depth -= 1;
  }
  return { parts, depth };
}

/** One for each script. What it returns says of one line after the other whether a command begins there, or a comment. */
function shellReader(): (line: string) => boolean {
  let until: string | null = null;
  let open: readonly string[] = [];
  return (line) => {
    if (until !== null) {
      if (line === until) until = null;
      return false;
    }
    const isFree = open.length === 0;
    open = partsOf(isFree ? commentOf(line).code : line, open).open;
    until = HERE_DOCUMENT.exec(line)?.[1] ?? null;
    return isFree && until === null;
  };
}

/** A comment that is too wide to stand behind the code goes before it. */
function commentOf(line: string): { code: string; comment: string } {
  if (COMMENT.test(line)) return { code: '', comment: line };
  const [all = '', comment = ''] = / {2,}((?:#|;|\/\/) .*)$/.exec(line) ?? [];
  const indent = comment === '' ? '' : (/^ */.exec(line)?.[0] ?? '');
  return { code: line.slice(0, line.length - all.length), comment: indent + comment };
}

function wrappedComment(comment: string, columns: number): string[] {
  const [lead = ''] = COMMENT.exec(comment) ?? [];
  return comment === '' ? [] : filled(lead, comment.slice(lead.length).split(' '), columns, { blank: lead });
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

/**
 * Parted at the blanks that a shell takes for blanks: not those inside quotes, but those of a command inside quotes.
 * @param before quotes and brackets that are open where it begins; `open`: where it ends
 */
function partsOf(command: string, before: readonly string[] = []): { parts: string[]; open: string[] } {
  const parts = [''];
  const open = [...before];
  for (let at = 0; at < command.length; at++) {
    const two = command.slice(at, at + 2);
    const [one = ''] = two;
    const where = open.at(-1);
    if (one === ' ' && (where === undefined || where === '(')) {
      parts.push('');
      continue;
    }
    const isPair = where !== "'" && (one === '\\' || two === '$(');
    if (isPair && one === '$') open.push('(');
    else if (!isPair) step(open, one);
    if (isPair) at += 1;
    parts[parts.length - 1] += isPair ? two : one;
  }
  return { parts, open };
}

/** Quotes and brackets that are open, the innermost last. */
function step(inside: string[], one: string): void {
  const where = inside.at(-1);
  if (where === one && one !== '(') inside.pop();
  else if (where === '(' && one === ')') inside.pop();
  else if (where !== "'" && (one === '"' || (one === "'" && where !== '"'))) inside.push(one);
}
