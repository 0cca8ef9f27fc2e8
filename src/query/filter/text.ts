/**
 * The values of a filter: text, numbers, one of several names. In: a value. Out: a test of one field.
 */
import { regexTest } from './regex.js';
import { badFilter, type Value } from './words.js';
import type { Work } from './work.js';

export type TextTest = (text: string) => boolean;
export type NumberTest = (value: number) => boolean;

/** Substring or, with `*`, a glob for the whole text: both ignore case. `/re/` is case-sensitive without (?i). */
export function textTest(value: Value, work: Work): TextTest {
  if (value.kind === 'regex') return regexTest(value, work);
  const needle = value.text.toLowerCase();
  const parts = value.kind === 'plain' && needle.includes('*') ? needle.split('*') : null;
  return (text) => {
    work.spend(1 + (text.length >> 3));
    const subject = text.toLowerCase();
    return parts === null ? subject.includes(needle) : isGlob(subject, parts);
  };
}

/** Is `text` these parts in this order, with anything between them? Each at its first place leaves most for the others. */
function isGlob(text: string, parts: readonly string[]): boolean {
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const end = text.length - last.length;
  if (!text.startsWith(first) || end < first.length || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
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
export function nameTest(value: Value, names: readonly string[], work: Work): TextTest {
  const name = value.text.toLowerCase().replaceAll('_', '-');
  if (value.kind !== 'regex' && names.includes(name)) return (text) => text === name;
  const test = textTest(value.kind === 'regex' ? value : { ...value, text: name }, work);
  if (!names.some(test)) throw badFilter(`"${value.text}" is none of ${names.join(', ')}`, value.column);
  return test;
}

export function booleanTest(value: Value): (flag: boolean) => boolean {
  const text = value.text.toLowerCase();
  if (text !== 'true' && text !== 'false') throw badFilter('true or false is wanted here', value.column);
  return (flag) => flag === (text === 'true');
}
