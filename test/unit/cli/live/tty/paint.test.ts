/** What is written to the terminal gives the screen that was meant, whatever was there before: a real emulator draws it. */
import { describe, expect, it } from 'vitest';
import { type Grid, gridOf, type Line, type Look, span } from '../../../../../src/cli/live/tty/cells.js';
import { paint } from '../../../../../src/cli/live/tty/paint.js';
import { random } from '../../../../support/random.js';
import { sceneOf, screenGrid } from '../scenes.js';
import { SIZES, STATES } from '../states.js';
import { Emulator } from './emulator.js';

const LOOKS: readonly Look[] = [
  'plain',
  'bold',
  'dim',
  'good',
  'warn',
  'bad',
  'loud',
  'chosen',
  'title',
  'tint-0',
  'tint-7',
];
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

it('gives the screen that was meant, over random frames and sizes', { timeout: 60_000 }, async () => {
  const terminal = new Emulator(80, 24);
  await terminal.write('\x1b[?7l');
  let before: Grid | null = null;
  let lines: Line[] = [];
  for (let frame = 0; frame < 400; frame++) {
    if (frame % 25 === 0) terminal.resize(20 + upTo(140), 5 + upTo(60));
    lines = Array.from({ length: terminal.height }, (_, row) =>
      lines[row] === undefined || inHundred(30) ? randomLine() : lines[row],
    );
    const grid = gridOf(lines, terminal.width, terminal.height);
    await terminal.write(paint(before, grid, inHundred(80)));
    before = grid;
    expect(terminal.cells()).toEqual([...grid.texts]);
    expect(terminal.chosen()).toEqual(grid.looks.map((look) => look === 'chosen'));
  }
});

it('gives the screen that was meant from each state to each other, and back to what lies over it', async () => {
  const terminal = new Emulator(80, 24);
  await terminal.write('\x1b[?7l');
  let before: Grid | null = null;
  for (const [width, height] of SIZES) {
    terminal.resize(width, height);
    for (let step = 0; step < 30; step++) {
      const parts = oneOf(Object.values(STATES));
      const overlay = oneOf([null, null, 'fix', 'detail', 'what-if', 'help'] as const);
      const grid = screenGrid(sceneOf({ ...parts, state: { overlay } }), width, height);
      await terminal.write(paint(before, grid, inHundred(80)));
      before = grid;
      expect(terminal.cells()).toEqual([...grid.texts]);
    }
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
