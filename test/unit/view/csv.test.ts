import { expect, it } from 'vitest';
import { csvText } from '../../../src/view/csv.js';

it('quotes what RFC 4180 wants quoted, ends lines as it says, and leaves out what is unknown', () => {
  const rows = [
    ['a "b", c', 1.5, null],
    ['line\r\nend', -3, 'x'],
  ];
  expect(csvText(['Process', 'Open/s', 'Unit'], rows)).toBe(
    'Process,Open/s,Unit\r\n"a ""b"", c",1.5,\r\n"line\r\nend",-3,x\r\n',
  );
});

it.each([
  ['=1+1', `"'=1+1"`],
  ['+1', `"'+1"`],
  ['-1', `"'-1"`],
  ['@SUM(A1)', `"'@SUM(A1)"`],
  ['\t=1', `"'\t=1"`],
  [' =1', `"' =1"`],
  ['"=1"', `"'""=1"""`],
  ['＝1', `"'＝1"`],
  ["'=1'", `"''=1'"`],
])('makes %j a text', (text, field) => {
  expect(csvText(['h'], [[text]])).toBe(`h\r\n${field}\r\n`);
});

it('leaves other texts and all numbers as they are', () => {
  expect(csvText(['h'], [['10.0.0.9:80'], [-5]])).toBe('h\r\n10.0.0.9:80\r\n-5\r\n');
});
