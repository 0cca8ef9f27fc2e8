/** Clients that ask and do not read: few answers are made, little is kept for them, and others get theirs. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { Answers } from '../../../../src/publish/http/answers.js';
import { World } from '../world.js';

/** More than the sockets' buffers on both sides take. */
const LARGE = 'x'.repeat(12 * 2 ** 20);
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A server of large answers that counts what it makes. */
async function world(answers: Answers) {
  const made = { now: 0, most: 0, all: 0 };
  const make = async () => {
    made.all++;
    made.most = Math.max(made.most, ++made.now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    made.now--;
    return LARGE;
  };
  const server = createServer(async (incoming, outgoing) => {
    outgoing.end(await answers.give({ incoming, outgoing }, make, Buffer.byteLength));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  return { server, made };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function silent(server: Server, requests: number): Promise<Socket> {
  const socket = connect(portOf(server), '127.0.0.1').pause();
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(REQUEST.repeat(requests));
  return socket;
}

async function read(server: Server): Promise<number> {
  const [answer] = (await once(get({ port: portOf(server), agent: false }), 'response')) as [IncomingMessage];
  return (await text(answer)).length;
}

const until = async (is: () => boolean) => {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 5));
};

it('of a connection the next answer is made when the one before was taken', async () => {
  const { server, made } = await world(new Answers());
  const socket = await silent(server, 3);
  await until(() => made.all === 1);
  await read(server);
  expect(made.all).toBe(2);
  socket.resume();
  await until(() => made.all === 4);
  socket.destroy();
});

it('no more are made at a time than allowed, and everybody gets one', async () => {
  const { server, made } = await world(new Answers({ made: 2, heldBytes: 2 ** 30 }));
  const sizes = await Promise.all(Array.from({ length: 5 }, () => read(server)));
  expect(sizes).toEqual(Array(5).fill(LARGE.length));
  expect(made.most).toBe(2);
});

it('when too much is not taken, the oldest connection is cut off, and one that reads has its answer', async () => {
  const { server } = await world(new Answers({ made: 2, heldBytes: 3.5 * LARGE.length }));
  for (let i = 0; i < 4; i++) await silent(server, 1);
  expect(await read(server)).toBe(LARGE.length);
  const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
  while ((await open()) > 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await open()).toBe(2);
});

it('a connection that asks and asks without waiting is ended', async () => {
  const service = await World.start({});
  onTestFinished(() => service.stop());
  const { port, host } = new URL(service.url);
  const socket = connect(Number(port), '127.0.0.1').resume();
  socket.on('error', () => {});
  const request = `GET /api/v1/snapshot HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  socket.write(request.repeat(100));
  await once(socket, 'close');
  expect((await service.get('/healthz')).status).toBe(200);
});

it('of a history, too, the next is made when the one before was taken', async () => {
  const service = await World.start({});
  onTestFinished(() => service.stop());
  let made = 0;
  const body = () => {
    made += 1;
    return { text: LARGE };
  };
  Object.assign(service.source, { history: { body } });
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1').pause();
  onTestFinished(() => void socket.destroy());
  socket.write('GET /api/v1/history HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(16));
  await until(() => made > 0);
  for (let at = 0; at < 20; at++) expect((await service.get('/healthz')).status).toBe(200);
  expect(made).toBe(1);
});
