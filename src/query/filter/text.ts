/**
 * The values of a filter: text, numbers, one of several names. In: a value. Out: a test of one field. Regular expressions
 * run in linear time (RE2), so that no pattern can block the service.
 */
import { RE2JS } from 're2js';
import { badFilter, type Value } from './words.js';

export type TextTest = (text: string) => boolean;
export type NumberTest = (value: number) => boolean;

/** Instructions of a compiled pattern; larger ones cost memory and time per row. */
const MAX_PROGRAM = 10_000;

/** Substring or, with `*`, a glob for the whole text: both ignore case. `/re/` is case-sensitive without (?i). */
export function textTest(value: Value): TextTest {
  if (value.kind === 'regex') return regexTest(value);
  if (value.kind === 'plain' && value.text.includes('*')) return globTest(value.text);
  const needle = value.text.toLowerCase();
  return (text) => text.toLowerCase().includes(needle);
}

function regexTest({ text, column }: Value): TextTest {
  const regex = compile(text, column + 1);
  if (regex.programSize() > MAX_PROGRAM) throw badFilter('this regular expression is too large', column);
  return (subject) => regex.test(subject);
}

function compile(pattern: string, column: number): RE2JS {
  if (pattern === '') throw badFilter('this regular expression is empty', column);
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw badFilter(error instanceof Error ? error.message : String(error), column);
  }
}

function globTest(glob: string): TextTest {
  const pattern = glob
    .split('*')
    .map((part) => RE2JS.quote(part))
    .join('.*');
  const regex = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL);
  return (text) => regex.testExact(text);
}

const NUMBER = /^([<>]?)(-?\d+(?:\.\d+)?)$/;

export function isNumberTest(value: Value): boolean {
  return value.kind === 'plain' && NUMBER.test(value.text);
}

/** `7` exactly, `>7`, `<7`. */
export function numberTest(value: Value): NumberTest {
  const match = value.kind === 'plain' ? NUMBER.exec(value.text) : null;
  if (!match) throw badFilter('a number is wanted here: 7, >7 or <7', value.column);
  const operand = Number(match[2]);
  if (match[1] === '>') return (number) => number > operand;
  if (match[1] === '<') return (number) => number < operand;
  return (number) => number === operand;
}

/** The number that a value without `<` or `>` names, else null. */
export function exactNumber(value: Value): number | null {
  const match = value.kind === 'plain' ? NUMBER.exec(value.text) : null;
  return match && match[1] === '' ? Number(match[2]) : null;
}

/** A full name matches exactly (`close` is not `close-wait`); a part of a name matches all names that contain it. */
export function nameTest(value: Value, names: readonly string[]): TextTest {
  const name = value.text.toLowerCase().replaceAll('_', '-');
  if (value.kind !== 'regex' && names.includes(name)) return (text) => text === name;
  const test = textTest(value.kind === 'regex' ? value : { ...value, text: name });
  if (!names.some(test)) throw badFilter(`"${value.text}" is none of ${names.join(', ')}`, value.column);
  return test;
}

export function booleanTest(value: Value): (flag: boolean) => boolean {
  const text = value.text.toLowerCase();
  if (text !== 'true' && text !== 'false') throw badFilter('true or false is wanted here', value.column);
  return (flag) => flag === (text === 'true');
}
