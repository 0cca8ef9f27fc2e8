/**
 * First step of the filter expression: from text to words with their columns. In: the user's text. Out: words
 * `[!][key:]value`, whose keys are not checked yet.
 */
import { isIP } from 'node:net';
import { PortchurnError } from '../../protocol/errors.js';
import { MAX_FILTER } from '../../protocol/names.js';

export interface Value {
  /** `"…"` is taken literally, `/…/` is a regular expression, anything else is plain. */
  readonly kind: 'plain' | 'quoted' | 'regex';
  readonly text: string;
  /** 1-based column where it starts. */
  readonly column: number;
}

export interface Word {
  readonly negated: boolean;
  /** Null: a bare word. */
  readonly key: string | null;
  /** 1-based column of the key, or of the value when there is none. */
  readonly column: number;
  readonly value: Value;
}

const MAX_WORDS = 64;
/** The spelling of a key; whether such a key exists is checked later. */
const KEY = /^([A-Za-z][A-Za-z0-9.]*):/;

export function badFilter(message: string, column: number): PortchurnError {
  return new PortchurnError('BAD_FILTER', `column ${column}: ${message}`, { column });
}

/** What other languages write between two terms. Alone it is a text to search for, and in quotes everywhere. */
const JOINING = /^(or|and|&&?|\|\|?)$/i;

function refuseJoining({ negated, key, column, value }: Word): void {
  if (negated || key !== null || value.kind !== 'plain' || !JOINING.test(value.text)) return;
  const isAnd = /^[a&]/i.test(value.text);
  const instead = isAnd
    ? 'all words must match as it is, so leave it out'
    : 'all words must match; of several texts one regular expression finds any, as in process:/nginx|envoy/, else ask once for each';
  throw badFilter(`there is no "${value.text}" between words: ${instead}. In quotes it is a text`, column);
}

/** Throws BAD_FILTER. */
export function splitWords(text: string): Word[] {
  if (text.length > MAX_FILTER) {
    throw badFilter(`a filter has at most ${MAX_FILTER} characters`, MAX_FILTER + 1);
  }
  const words: Word[] = [];
  for (let at = skipSpace(text, 0); at < text.length; ) {
    if (words.length === MAX_WORDS) throw badFilter(`a filter has at most ${MAX_WORDS} words`, at + 1);
    const [word, end] = readWord(text, at);
    words.push(word);
    at = skipSpace(text, end);
  }
  words.slice(1, -1).forEach(refuseJoining);
  return words;
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

function readWord(text: string, start: number): [Word, number] {
  const negated = text[start] === '!';
  const at = negated ? start + 1 : start;
  const key = keyAt(text, at);
  const [value, end] = readValue(text, key === null ? at : at + key.length + 1);
  return [{ negated, key, column: at + 1, value }, end];
}

/** `fe80::1` and `[::1]:80` are addresses, although the first looks like a key. */
function keyAt(text: string, at: number): string | null {
  const plain = text.slice(at, endOfWord(text, at));
  const key = KEY.exec(plain)?.[1] ?? null;
  return isIP(plain.replace(/\/\d+$/, '')) === 6 ? null : key;
}

function endOfWord(text: string, at: number): number {
  while (at < text.length && !/\s/.test(text[at]!)) at++;
  return at;
}

function readValue(text: string, at: number): [Value, number] {
  if (text[at] === '"') return readQuoted(text, at);
  const end = endOfWord(text, at);
  const plain = text.slice(at, end);
  if (plain === '') throw badFilter('something to compare with is missing', at + 1);
  const column = at + 1;
  // A path such as /usr/bin/curl begins with a slash too; only a closing one makes it a regular expression.
  const isRegex = plain.length > 1 && plain.startsWith('/') && /(^|[^\\])(\\\\)*\/$/.test(plain);
  if (isRegex) return [{ kind: 'regex', text: plain.slice(1, -1), column }, end];
  return [{ kind: 'plain', text: plain, column }, end];
}

/** In quotes, `\"` is a quote and `\\` a backslash. */
function readQuoted(text: string, start: number): [Value, number] {
  const match = /^"((?:[^"\\]|\\.)*)"/s.exec(text.slice(start));
  if (!match) throw badFilter('the closing quote is missing', start + 1);
  const end = start + match[0].length;
  if (end !== endOfWord(text, end)) throw badFilter('after the closing quote comes a space', end + 1);
  if (match[1] === '') throw badFilter('something to compare with is missing', start + 2);
  return [{ kind: 'quoted', text: match[1]!.replace(/\\(["\\])/g, '$1'), column: start + 1 }, end];
}
