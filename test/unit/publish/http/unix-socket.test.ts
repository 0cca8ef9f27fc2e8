/** The server at a socket file: who may come, and what becomes of a file that is there already. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RunningServer, ServerOptions } from '../../../../src/publish/server.js';
import { World } from '../world.js';

const TOKEN = 'a-token-of-this-test';
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'portchurn-socket-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function serve(
  listen: ServerOptions['listen'],
  more: Omit<Partial<ServerOptions>, 'source'> = {},
): Promise<RunningServer> {
  const { server } = await World.start({ listen, ...more });
  cleanups.push(() => server.stop());
  return server;
}

const status = (options: RequestOptions): Promise<number | undefined> =>
  new Promise((answered, failed) => {
    const sent = request({ path: '/healthz', agent: false, ...options }, (response) => {
      response.resume();
      answered(response.statusCode);
    });
    sent.on('error', failed).end();
  });

/** What a service leaves behind that is killed. */
function leaveStale(path: string): void {
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  expect(statSync(path).isSocket()).toBe(true);
}

describe('a socket file', () => {
  it('is served beside TCP, has its mode at once, and goes with the service', async () => {
    const path = join(directory(), 'new', 'p.sock');
    const listen = [{ path }, { host: '127.0.0.1', port: 0 }];
    const server = await serve(listen, { socketRights: { mode: 0o640, gid: process.getgid?.() ?? null } });
    expect(server.urls).toEqual([`unix:${path}`, server.url]);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(await status({ socketPath: path })).toBe(200);
    expect((await fetch(new URL('/healthz', server.url))).status).toBe(200);
    await server.stop();
    expect(existsSync(path)).toBe(false);
  });

  it('stands for the token unless everybody may open it', async () => {
    const folder = directory();
    const [guarded, open] = [join(folder, 'guarded'), join(folder, 'open')];
    await serve([{ path: guarded }], { token: TOKEN, socketRights: { mode: 0o660, gid: null } });
    await serve([{ path: open }], { token: TOKEN, socketRights: { mode: 0o666, gid: null } });
    expect(await status({ socketPath: guarded })).toBe(200);
    expect(await status({ socketPath: open })).toBe(401);
    expect(await status({ socketPath: open, headers: { authorization: `Bearer ${TOKEN}` } })).toBe(200);
  });

  it('has the other gates: a proxy in front may carry the requests of a browser', async () => {
    const path = join(directory(), 'p.sock');
    await serve([{ path }]);
    expect(await status({ socketPath: path, headers: { host: 'evil.example' } })).toBe(421);
    expect(await status({ socketPath: path, headers: { origin: 'http://evil.example' } })).toBe(403);
    expect(await status({ socketPath: path, headers: { 'sec-fetch-site': 'cross-site' } })).toBe(403);
  });

  it('carries the stream', async () => {
    const path = join(directory(), 'p.sock');
    await serve([{ path }]);
    const socket = new WebSocket(`ws+unix:${path}:/api/v1/stream`);
    cleanups.push(() => socket.terminate());
    const [data] = await new Promise<[unknown]>((heard, failed) =>
      socket.once('message', (...words) => heard([words[0]])).once('error', failed),
    );
    expect(JSON.parse(String(data))).toMatchObject({ type: 'hello' });
  });
});

describe('where there is a file already', () => {
  it('one of a dead service is replaced', async () => {
    const path = join(directory(), 'p.sock');
    leaveStale(path);
    await serve([{ path }]);
    expect(await status({ socketPath: path })).toBe(200);
  });

  it('one with a living listener is an error, and stays', async () => {
    const path = join(directory(), 'p.sock');
    await serve([{ path }]);
    const second = World.start({ listen: [{ path }] });
    await expect(second).rejects.toMatchObject({
      code: 'SOCKET_IN_USE',
      message: `${path} is in use: a service listens there`,
      hint: expect.stringContaining(`--connect unix:${path}`),
    });
    expect(await status({ socketPath: path })).toBe(200);
  });

  it('one that is no socket is an error, and stays', async () => {
    const path = join(directory(), 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(World.start({ listen: [{ path }] })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: `${path} is not a socket, and stays as it is`,
    });
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });

  it('no address is kept when one of them cannot be had', async () => {
    const folder = directory();
    const [path, file] = [join(folder, 'p.sock'), join(folder, 'file')];
    writeFileSync(file, '');
    const both = World.start({ listen: [{ path }, { path: file }] });
    await expect(both).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    expect(existsSync(path)).toBe(false);
  });
});
