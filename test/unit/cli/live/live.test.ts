/** The live screen and the service it follows: gone and back without a key pressed. And its colours, which are the user's to choose. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { Live } from '../../../../src/cli/live/live.js';
import { targetAt } from '../../../../src/cli/source/target.js';
import { PROTOCOL } from '../../../../src/protocol/frames.js';
import { Captured } from '../io.js';
import { Emulator } from './tty/emulator.js';
import { SlowTty } from './tty/ttys.js';

const HELLO = { type: 'hello', protocol: PROTOCOL, topics: ['flows'], host: 'vm' };

/** A service that says hello and no more, at this port. */
async function service(port: number) {
  const server = new WebSocketServer({ port, host: '127.0.0.1' });
  server.on('connection', (socket) => socket.send(JSON.stringify(HELLO)));
  await once(server, 'listening');
  const end = () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  onTestFinished(end);
  return { port: (server.address() as AddressInfo).port, end };
}

function live(port: number, env: Record<string, string> = {}, color?: boolean) {
  const tty = new SlowTty(80, 24);
  tty.room = Number.POSITIVE_INFINITY;
  const stop = new AbortController();
  const options = { filter: '', group: null, color, ascii: true };
  const target = targetAt(`http://127.0.0.1:${port}`, null);
  const ended = new Live(target, options, new Captured(env), tty).run(stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return tty;
}

async function firstLine({ text }: SlowTty): Promise<string> {
  const emulator = new Emulator(80, 24);
  await emulator.write(Buffer.from(text, 'latin1').toString());
  return emulator.cells().slice(0, 80).join('');
}

it('says that the service is gone, and since when, and goes on when it is back', async () => {
  const first = await service(0);
  const tty = live(first.port);
  await expect.poll(() => firstLine(tty), { timeout: 10_000 }).toMatch(/^portchurn vm \*live /);
  first.end();
  await expect
    .poll(() => firstLine(tty), { timeout: 10_000 })
    .toMatch(/ service (unreachable|dropped), \d.* old/);
  await service(first.port);
  await expect.poll(() => firstLine(tty), { timeout: 20_000 }).toMatch(/^portchurn vm \*live /);
});

/** A look that sets a colour (ECMA-48 8.3.117 and xterm's bright ones), told from bold and inverse. */
const hasColour = (text: string) =>
  text.split('\x1b[').some((part) => /^[\d;]*\b(?:3[0-7]|9[0-7]|38;[\d;]+)m/.test(part));

it.each([
  [{}, undefined, true],
  [{ NO_COLOR: '1' }, undefined, false],
  [{ NO_COLOR: '1' }, true, true],
  [{}, false, false],
] as const)('with %j and --color %s it has colours: %s', async (env, color, expected) => {
  const tty = live(1, env, color);
  await expect.poll(() => firstLine(tty), { timeout: 10_000 }).toMatch(/ service unreachable/);
  expect(hasColour(tty.text)).toBe(expected);
});
