/** Commands in front of servers that accept and then say nothing, or little: each ends by itself, with a message. */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, it, type TestContext } from 'vitest';
import { WebSocketServer } from 'ws';
import { patient } from '../support/patience.js';
import { type Scope, testScope } from '../support/scope.js';
import { cli } from '../support/service.js';

/** The limit of each answer is 10 s, and a busy machine starts slowly. */
const WITHIN_MS = 40_000;
const HEALTH = JSON.stringify({ status: 'ok', mode: 'ebpf' });

type Talk = (socket: Socket, request: string) => void;

async function server(scope: Scope, talk: Talk): Promise<string> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => talk(socket, data.toString('latin1')));
  });
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  scope.use({
    end: () => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  });
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 200);
  socket.on('close', () => clearInterval(timer));
}

const answer = (socket: Socket, body: string) =>
  socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);

const healthy =
  (otherwise: Talk): Talk =>
  (socket, request) =>
    request.startsWith('GET /healthz') ? answer(socket, HEALTH) : otherwise(socket, request);

const TALKS: [string, string[], Talk][] = [
  ['says nothing at all', ['top', '--once'], () => undefined],
  ['sends headers without end', ['check'], (socket) => trickle(socket, 'HTTP/1.1 100 Continue\r\n\r\n')],
  [
    'sends its body in pieces',
    ['why'],
    healthy((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
      trickle(socket, ' ');
    }),
  ],
  ['never ends its handshake', ['trace'], healthy(() => undefined)],
  [
    'sends its handshake in pieces',
    ['trace'],
    healthy((socket) => trickle(socket, 'HTTP/1.1 100 Continue\r\n\r\n')),
  ],
];

const scopeOf = ({ onTestFinished }: Pick<TestContext, 'onTestFinished'>) => testScope({ onTestFinished });

describe.concurrent('a command ends when the server', () => {
  it.for(TALKS)('%s', async ([, words, talk], context) => {
    const url = await server(scopeOf(context), talk);
    const done = await cli([...words, '--connect', url], { withinMs: patient(WITHIN_MS) });
    expect(done.code).toBe(words[0] === 'check' ? 3 : 1);
    expect(done.stdout + done.stderr).toMatch(
      new RegExp(`no answer from a service at ${url}/?: (timed out|it says nothing)`),
    );
  });

  it('greets, and sends no frame of the subscription', async (context) => {
    const http = createHttpServer((_, response) => response.end(HEALTH));
    const sockets = new WebSocketServer({ server: http });
    sockets.on('connection', (socket) => socket.send('{"type":"hello","protocol":1,"topics":["verdict"]}'));
    await new Promise<void>((ready) => http.listen(0, '127.0.0.1', ready));
    scopeOf(context).use({
      end: () => {
        for (const socket of sockets.clients) socket.terminate();
        http.close().closeAllConnections();
      },
    });
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const done = await cli(['trace', '--connect', url], { withinMs: patient(WITHIN_MS) });
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('it says nothing') });
  });
});
