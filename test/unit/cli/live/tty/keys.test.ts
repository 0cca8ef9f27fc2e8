/** Keys as terminals send them: many in one piece, one in many, pasted text apart. */
import { describe, expect, it } from 'vitest';
import { type Input, KeyReader } from '../../../../../src/cli/live/tty/keys.js';

const names = (inputs: readonly Input[]) => inputs.map((input) => ('key' in input ? input.key : input));
const read = (...pieces: string[]) => {
  const reader = new KeyReader();
  return names(pieces.flatMap((piece) => reader.read(piece)));
};

it.each([
  ['a burst', 'jjj', ['j', 'j', 'j']],
  ['arrows', '\x1b[A\x1b[B\x1b[C\x1b[D', ['up', 'down', 'right', 'left']],
  ['arrows in application mode', '\x1bOA\x1bOB', ['up', 'down']],
  [
    'pages',
    '\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~',
    ['page-up', 'page-down', 'home', 'end', 'home', 'end'],
  ],
  ['an arrow with a modifier', '\x1b[1;5A', ['up']],
  ['Shift-Tab', '\x1b[Z', ['shift-tab']],
  ['controls', '\r\t\x7f\x03\x1a\x15', ['enter', 'tab', 'backspace', 'ctrl-c', 'ctrl-z', 'ctrl-u']],
  ['letters beyond ASCII', 'é日', ['é', '日']],
  ['one beyond 16 bits', '\u{1f600}', ['\u{1f600}']],
  ['a sequence that is no key', '\x1b[?1;2cq', ['q']],
  ['two Escapes', '\x1b\x1b[A', ['escape', 'up']],
  ['Escape and a letter', '\x1bx', ['escape', 'x']],
])('%s', (_, text, keys) => {
  expect(read(text)).toEqual(keys);
  expect(read(...text), 'in single pieces').toEqual(keys);
});

describe('a lone Escape', () => {
  it('is one when nothing follows', () => {
    const reader = new KeyReader();
    expect(reader.read('\x1b')).toEqual([]);
    expect(reader.waits).toBe(true);
    expect(names(reader.flush())).toEqual(['escape']);
    expect(reader.waits).toBe(false);
  });

  it('is one before a bracket, too', () => {
    const reader = new KeyReader();
    reader.read('\x1b[');
    expect(names(reader.flush())).toEqual(['escape']);
    expect(names(reader.read('j'))).toEqual(['j']);
  });
});

describe('a paste', () => {
  it('is no key, however it comes', () => {
    const text = '\x1b[200~qqq\x1b[201~j';
    expect(read(text)).toEqual([{ paste: 'qqq' }, 'j']);
    expect(read(...text)).toEqual([{ paste: 'qqq' }, 'j']);
  });

  it('that is endless is cut, and keys after it count', () => {
    const [paste, key] = read('\x1b[200~', ...Array<string>(100).fill('x'.repeat(1000)), '\x1b[20', '1~j');
    expect(paste).toEqual({ paste: 'x'.repeat(4096) });
    expect(key).toBe('j');
  });
});
