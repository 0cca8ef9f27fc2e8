/**
 * The filter expression: one grammar and one parser for command line, URL and WebSocket. In: the user's text. Out: a Filter
 * for the rows of every topic and for events, with the processes to which the expression is restricted: the kernel traces
 * only those.
 */
import { type NetnsName, type RowTest, testOf } from './keys.js';
import type { Subject } from './subject.js';
import { exactNumber } from './text.js';
import { splitWords, type Word } from './words.js';

export type { NetnsName } from './keys.js';

export interface Filter {
  readonly text: string;
  matches(row: Subject): boolean;
  /** The only processes whose rows can match, when words such as `pid:123` restrict it; null: not restricted. */
  readonly pids: readonly number[] | null;
}

/** Throws BAD_FILTER with a 1-based column. An empty text matches everything. */
export function parseFilter(text: string, netnsName: NetnsName = () => null): Filter {
  const words = splitWords(text);
  const tests = words.map((word) => withSign(word, testOf(word, netnsName)));
  return { text, matches: (row) => tests.every((test) => test(row)), pids: requiredPids(words) };
}

function withSign({ negated }: Word, test: RowTest): RowTest {
  return negated ? (row) => !test(row) : test;
}

/** Words are ANDed: with two different pids no process matches. */
function requiredPids(words: readonly Word[]): number[] | null {
  const pids = words
    .filter((word) => word.key === 'pid' && !word.negated)
    .flatMap((word) => exactNumber(word.value) ?? []);
  if (pids.length === 0) return null;
  return new Set(pids).size === 1 ? pids.slice(0, 1) : [];
}
