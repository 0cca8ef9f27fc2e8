/**
 * The keys of the filter expression, and which fields of a row each one tests. In: a word. Out: a test of a whole row, of
 * any topic. A row that lacks the field, or has null in it, does not match.
 */
import { CAUSE_NAMES, type Cause, END_NAMES, type Endpoint, STATE_NAMES } from '../../protocol/rows.js';
import { anyField, type Field, getter } from '../fields.js';
import type { NetnsNames } from '../namespaces.js';
import { addressTest, endpointTest } from './address.js';
import {
  bareTexts,
  destinations,
  ofProcesses,
  peerTexts,
  processTexts,
  programTexts,
  type Subject,
  sources,
  states,
} from './subject.js';
import { booleanTest, isNumberTest, nameTest, numberTest, textTest } from './text.js';
import { badFilter, type Value, type Word } from './words.js';
import type { Work } from './work.js';

export type RowTest = (row: Subject) => boolean;
type Candidates<T> = (row: Subject) => readonly T[];
/** What the tests of one filter share. */
export interface Scope {
  readonly namespaces: NetnsNames;
  readonly work: Work;
}
type Key = (value: Value, scope: Scope) => RowTest;

const some =
  <T>(candidates: Candidates<T>, test: (one: T) => boolean): RowTest =>
  (row) =>
    candidates(row).some(test);
const text =
  (candidates: Candidates<string>): Key =>
  (value, { work }) =>
    some(candidates, textTest(value, work));
const number =
  (candidates: Candidates<number>): Key =>
  (value) =>
    some(candidates, numberTest(value));
const oneOf =
  (names: readonly string[], candidates: Candidates<string>): Key =>
  (value, { work }) =>
    some(candidates, nameTest(value, names, work));
const endpoint =
  (candidates: Candidates<Endpoint>): Key =>
  (value, { work }) =>
    some(candidates, endpointTest(value, work));

/** The row's own field as the only candidate; none when it is unknown or the topic has no such field. */
const own = <T extends string | number | boolean>(path: string): Candidates<T> => {
  const read = getter(path);
  return (row) => {
    const value = read(row);
    return value === null ? [] : [value as T];
  };
};

/** The keys that take one of a few names. */
const NAMES = {
  state: STATE_NAMES,
  cause: CAUSE_NAMES satisfies readonly Cause[],
  dir: ['in', 'out'],
  end: END_NAMES,
} as const;

/** By name when the value is no number: `netns:host`, `netns:blue`. An inode is that of the living namespace. */
const netns: Key = (value, { namespaces, work }) => {
  const [inode, id] = [own<number>('netns'), own<string>('netnsId')];
  if (isNumberTest(value)) {
    const test = some(inode, numberTest(value));
    return (row) => test(row) && !id(row).some(namespaces.isReplaced);
  }
  const test = textTest(value, work);
  return some(id, (one) => test(namespaces.nameOf(one) ?? ''));
};

/** Exactly: it is a number that is written as text, since it has more digits than a number of JSON may. */
const netnsId: Key = (value) => {
  if (!/^\d+$/.test(value.text)) throw badFilter('the id of a namespace is a number', value.column);
  return some(own<string>('netnsId'), (id) => id === value.text);
};

const KEYS: Record<string, Key> = {
  pid: number((row) => ofProcesses(row, (one) => one.pid)),
  process: text(processTexts),
  exe: text((row) => ofProcesses(row, (one) => one.exe)),
  unit: text((row) => ofProcesses(row, (one) => one.unit)),
  container: text((row) => ofProcesses(row, (one) => one.container)),
  image: text((row) => ofProcesses(row, (one) => one.image)),
  pod: text((row) => ofProcesses(row, (one) => one.pod)),
  workload: text((row) => ofProcesses(row, (one) => one.workload)),
  program: text(programTexts),
  peer: text(peerTexts),
  netns,
  netnsId,
  dst: endpoint(destinations),
  src: endpoint(sources),
  port: number((row) => destinations(row).flatMap(({ port }) => port ?? [])),
  state: oneOf(NAMES.state, states),
  errno: text(own('errno')),
  cause: oneOf(NAMES.cause, own('cause')),
  dir: oneOf(NAMES.dir, own('direction')),
  end: oneOf(NAMES.end, own('end')),
};

/** Every key, with the names that it takes; null: it takes something else. Row fields are keys besides. */
export const FILTER_KEYS: ReadonlyMap<string, readonly string[] | null> = new Map(
  Object.keys(KEYS).map((key) => [key, key in NAMES ? NAMES[key as keyof typeof NAMES] : null]),
);

/** Throws BAD_FILTER or TOO_EXPENSIVE with the column of the fault. */
export function testOf(word: Word, scope: Scope): RowTest {
  const { key, value } = word;
  if (key === null) return bareTest(value, scope.work);
  const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (known) return known(value, scope);
  const field = anyField(key);
  if (field) return fieldTest(field, value, scope.work);
  const keys = Object.keys(KEYS).join(' ');
  throw badFilter(
    `"${key}" is no key: ${keys}, or a row field; quote the word to search for text`,
    word.column,
  );
}

function bareTest(value: Value, work: Work): RowTest {
  const byAddress = addressTest(value);
  return byAddress ? some(destinations, byAddress) : some(bareTexts, textTest(value, work));
}

function fieldTest({ path, kind }: Field, value: Value, work: Work): RowTest {
  if (kind === 'number') return some(own<number>(path), numberTest(value));
  if (kind === 'boolean') return some(own<boolean>(path), booleanTest(value));
  return some(own<string>(path), textTest(value, work));
}
