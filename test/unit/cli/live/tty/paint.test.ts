/** What is written to the terminal gives the screen that was meant, whatever was there before: a real emulator draws it. */
import { Terminal } from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { type Grid, gridOf, type Line, type Look, span } from '../../../../../src/cli/live/tty/cells.js';
import { paint } from '../../../../../src/cli/live/tty/paint.js';
import { random } from '../../../../support/random.js';

const LOOKS: readonly Look[] = ['plain', 'bold', 'dim', 'good', 'warn', 'bad', 'loud', 'chosen', 'title'];
const WORDS = [
  'portchurn',
  '10.77.0.9:5432',
  '日本語',
  '──',
  '█▇▁',
  'é',
  'e\u0301',
  ' ',
  '      ',
  '→ 92/s',
  '漢',
  '\x1b[2J',
  '\u202e',
];

const below = random(7);
const upTo = (most: number) => below(most + 1);
const inHundred = (chances: number) => below(100) < chances;
const oneOf = <T>(all: readonly T[]): T => all[upTo(all.length - 1)] as T;
const randomLine = (): Line => Array.from({ length: upTo(8) }, () => span(oneOf(WORDS), oneOf(LOOKS)));

const write = (terminal: Terminal, text: string) => new Promise<void>((done) => terminal.write(text, done));

/** The texts of all cells; the second one of a wide character is empty. */
function cellsOf(terminal: Terminal): string[] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.baseY + row)).flatMap(
    (line) =>
      Array.from({ length: terminal.cols }, (_, at) => {
        const cell = line?.getCell(at);
        return cell?.getWidth() === 0 ? '' : cell?.getChars() || ' ';
      }),
  );
}

/** Inverse cells, by which a look that shows on blanks can be told. */
function chosenOf(terminal: Terminal): boolean[] {
  const { active } = terminal.buffer;
  return Array.from({ length: terminal.rows }, (_, row) => active.getLine(active.baseY + row)).flatMap(
    (line) => Array.from({ length: terminal.cols }, (_, at) => Boolean(line?.getCell(at)?.isInverse())),
  );
}

it('gives the screen that was meant, over random frames and sizes', { timeout: 60_000 }, async () => {
  const terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
  await write(terminal, '\x1b[?7l');
  let before: Grid | null = null;
  let lines: Line[] = [];
  for (let frame = 0; frame < 400; frame++) {
    if (frame % 25 === 0) terminal.resize(20 + upTo(140), 5 + upTo(60));
    lines = Array.from({ length: terminal.rows }, (_, row) =>
      lines[row] === undefined || inHundred(30) ? randomLine() : lines[row],
    );
    const grid = gridOf(lines, terminal.cols, terminal.rows);
    await write(terminal, paint(before, grid, inHundred(80)));
    before = grid;
    expect(cellsOf(terminal)).toEqual([...grid.texts]);
    expect(chosenOf(terminal)).toEqual(grid.looks.map((look) => look === 'chosen'));
  }
});

describe('of what did not change', () => {
  const lines = [[span('portchurn', 'bold'), span(' ok', 'good')], [span('second line')]];
  const grid = gridOf(lines, 40, 4);

  it('writes nothing', () => {
    expect(paint(grid, gridOf(lines, 40, 4), true)).toBe('');
  });

  it('writes only the cells that changed, and clears nothing', () => {
    const next = gridOf([lines[0] ?? [], [span('second lime')]], 40, 4);
    expect(paint(grid, next, true)).toBe('\x1b[?2026h\x1b[2;10Hm\x1b[m\x1b[?2026l');
  });

  it('clears the screen when its size changed', () => {
    expect(paint(grid, gridOf(lines, 41, 4), true)).toContain('\x1b[2J');
  });
});

it('has no colour where none is wanted', () => {
  const grid = gridOf([LOOKS.map((look) => span(look, look))], 80, 1);
  expect(paint(null, grid, false)).not.toMatch(/\[[0-9;]*3\dm/);
});

it('a name cannot steer the terminal', () => {
  const hostile = '\x1b[2J\x07\x9b31m\r\n\u202egnp';
  const grid = gridOf([[span(hostile)]], 80, 1);
  expect(grid.texts.join('')).toMatch(/^\\x1b\[2J\\x07\\x9b31m/);
});
