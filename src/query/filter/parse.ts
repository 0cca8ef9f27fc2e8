/**
 * The filter expression: one grammar and one parser for command line, URL and WebSocket. In: the user's text. Out: a Filter
 * for the rows of every topic and for events, with the processes to which the expression is restricted: the kernel traces
 * only those.
 */
import { type NetnsNames, NO_NAMES } from '../namespaces.js';
import { type RowTest, testOf } from './keys.js';
import type { Subject } from './subject.js';
import { exactNumber } from './text.js';
import { splitWords, type Word } from './words.js';
import { Work } from './work.js';

export interface Filter {
  readonly text: string;
  /** Throws TOO_EXPENSIVE when this row alone costs more than one may. */
  matches(row: Subject): boolean;
  /** The only processes whose rows can match, when words such as `pid:123` restrict it; null: not restricted. */
  readonly pids: readonly number[] | null;
  /** Steps that its tests have taken so far. */
  readonly steps: number;
  /** What it took to read it. */
  readonly compileSteps: number;
}

/** Throws BAD_FILTER or TOO_EXPENSIVE, with a 1-based column. An empty text matches everything. */
export function parseFilter(text: string, namespaces: NetnsNames = NO_NAMES): Filter {
  const words = splitWords(text);
  const work = new Work();
  const tests = words.map((word) => withSign(word, testOf(word, { namespaces, work })));
  const matches = (row: Subject) => {
    work.startRow();
    return tests.every((test) => test(row));
  };
  return {
    text,
    matches,
    pids: requiredPids(words),
    compileSteps: work.compile,
    get steps() {
      return work.total;
    },
  };
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
