/**
 * The filter expression: one grammar, one parser, for command line, URL and WebSocket. Enters: what the user wrote.
 * Leaves: a Filter, good for the rows of every topic and for events. Called by tables.ts, events.ts and the engine, which
 * traces in the kernel the processes that a filter pins.
 */
import { type NetnsName, type RowTest, testOf } from './keys.js';
import type { Subject } from './subject.js';
import { exactNumber } from './text.js';
import { splitWords, type Word } from './words.js';

export type { NetnsName } from './keys.js';

export interface Filter {
  readonly text: string;
  matches(row: Subject): boolean;
  /** The processes outside of which nothing can match, when words like `pid:123` say so; null: any process can. */
  readonly pids: readonly number[] | null;
}

/** Throws BAD_FILTER with a 1-based column. An empty text matches everything. */
export function parseFilter(text: string, netnsName: NetnsName = () => null): Filter {
  const words = splitWords(text);
  const tests = words.map((word) => signed(word, testOf(word, netnsName)));
  return { text, matches: (row) => tests.every((test) => test(row)), pids: pinned(words) };
}

function signed({ negated }: Word, test: RowTest): RowTest {
  return negated ? (row) => !test(row) : test;
}

/** Words are ANDed: two different pids leave nobody. */
function pinned(words: readonly Word[]): number[] | null {
  const pids = words
    .filter((word) => word.key === 'pid' && !word.negated)
    .flatMap((word) => exactNumber(word.value) ?? []);
  if (pids.length === 0) return null;
  return new Set(pids).size === 1 ? pids.slice(0, 1) : [];
}
