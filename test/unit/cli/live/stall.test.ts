/** A terminal that stands still: no more than one frame waits for it, and it has the newest when it goes on. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { Live } from '../../../../src/cli/live/live.js';
import { Terminal } from '../../../../src/cli/live/tty/terminal.js';
import { targetAt } from '../../../../src/cli/source/target.js';
import { Captured } from '../io.js';
import { Emulator } from './tty/emulator.js';
import { SlowTty } from './tty/ttys.js';

const framesOf = (text: string) => text.split('\x1b[?2026h').length - 1;
const LEFT = '\x1b[?1049l';
const clip = (text: string) => `\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`;

/** A live screen of a service that is not there: keys alone change it. */
function live(room: number) {
  const tty = new SlowTty(100, 30);
  tty.room = room;
  const stop = new AbortController();
  const options = { filter: '', group: null, color: false, ascii: true };
  const ended = new Live(targetAt('http://127.0.0.1:1', null), options, new Captured(), tty).run(stop.signal);
  onTestFinished(async () => {
    tty.isGone = true;
    stop.abort();
    await ended;
  });
  return { tty, stop, ended };
}

const screenOf = async ({ text }: SlowTty) => {
  const emulator = new Emulator(100, 30);
  await emulator.write(Buffer.from(text, 'latin1').toString());
  return emulator.cells().join('');
};

describe('a screen whose terminal takes nothing', () => {
  it('writes the newest frame when it goes on, and none of those before', async () => {
    const { tty } = live(200);
    for (const keys of ['?', '?', 'w', 'w', 'f']) tty.press(keys);
    const before = tty.text.length;
    expect(before).toBe(200);
    tty.room = Number.POSITIVE_INFINITY;
    await expect.poll(() => screenOf(tty)).toMatch(/WHAT TO DO/);
    const [upToIt = ''] = tty.text.split('WHAT TO DO');
    expect(framesOf(upToIt)).toBe(2);
    expect(upToIt).not.toMatch(/KEYS|WHAT IF/);
  });

  it('ends when it is told to, and gives the terminal back once that takes it', async () => {
    const { tty, stop, ended } = live(200);
    stop.abort();
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    await expect.poll(() => tty.text.length).toBe(200);
    expect(isOver).toBe(false);
    tty.room = Number.POSITIVE_INFINITY;
    await ended;
    expect(tty.text.endsWith(LEFT)).toBe(true);
  });

  it('ends when there is no terminal any more', async () => {
    const { tty, ended } = live(200);
    tty.isGone = true;
    await ended;
    expect(tty.text).toHaveLength(200);
  });
});

describe('a terminal', () => {
  const terminalOf = (tty: SlowTty) => {
    const calls = { ready: 0 };
    const terminal = new Terminal(tty, {
      onInput: () => undefined,
      onResize: () => undefined,
      onReady: () => void calls.ready++,
      onGone: () => undefined,
    });
    terminal.enter();
    onTestFinished(async () => {
      tty.room = Number.POSITIVE_INFINITY;
      await terminal.leave();
    });
    return { terminal, calls };
  };

  it('has of the texts for its clipboard the last one, and says once that it goes on', async () => {
    const tty = new SlowTty(80, 24);
    const { terminal, calls } = terminalOf(tty);
    expect(terminal.ready).toBe(false);
    for (const text of ['one', 'two', 'three']) terminal.copy(text);
    tty.room = Number.POSITIVE_INFINITY;
    await expect.poll(() => terminal.ready).toBe(true);
    expect(tty.text.endsWith(clip('three'))).toBe(true);
    expect(tty.text).not.toContain(clip('two'));
    expect(calls.ready).toBe(1);
  });

  it('takes what fits at once, and is ready then', () => {
    const tty = new SlowTty(80, 24);
    tty.room = Number.POSITIVE_INFINITY;
    const { terminal, calls } = terminalOf(tty);
    terminal.copy('at once');
    terminal.draw('frame');
    expect(tty.text.endsWith(`${clip('at once')}frame`)).toBe(true);
    expect(terminal.ready).toBe(true);
    expect(calls.ready).toBe(0);
  });

  it('that is given back in the middle of a frame gets no more of that', async () => {
    const tty = new SlowTty(80, 24);
    tty.room = 60;
    const { terminal } = terminalOf(tty);
    terminal.draw('x'.repeat(100));
    expect(tty.text).toHaveLength(60);
    const left = terminal.leave();
    tty.room = Number.POSITIVE_INFINITY;
    await left;
    expect(tty.text[60]).toBe('\x18');
    expect(tty.text.endsWith(LEFT)).toBe(true);
  });
});
