/**
 * Programs that are configured badly on purpose, and the same ones configured well: small, real, paced, each in the language it
 * is about. Each prints "ready" and goes on until it is ended. Called by e2e tests of the diagnosis.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from './netns.js';
import { type Running, start } from './process.js';
import type { Scope } from './scope.js';

/** What a script gets: address and port of its server. */
const PROGRAMS = {
  /** A keep-alive agent of its own per request, destroyed after it: the client closes first. */
  'agent-per-request.mjs': `
import http from 'node:http';
const [host, port] = process.argv.slice(2);
function once() {
  const agent = new http.Agent({ keepAlive: true });
  http.get({ host, port, agent }, (response) => {
    response.resume();
    response.on('end', () => setImmediate(() => agent.destroy()));
  }).on('error', () => {});
}
setInterval(once, 8);
console.log('ready');`,
  /** The same requests through one agent. */
  'one-agent.mjs': `
import http from 'node:http';
const [host, port] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
setInterval(() => http.get({ host, port, agent }, (response) => response.resume()).on('error', () => {}), 8);
console.log('ready');`,
  /** A pool of five, and beside it a connection per request. */
  'pool-and-client.mjs': `
import http from 'node:http';
const [host, port] = process.argv.slice(2);
const pool = new http.Agent({ keepAlive: true, maxSockets: 5 });
function once() {
  http.get({ host, port, path: '/slow', agent: pool }, (response) => response.resume()).on('error', () => {});
  const agent = new http.Agent({ keepAlive: true });
  http.get({ host, port, agent }, (response) => {
    response.resume();
    response.on('end', () => setImmediate(() => agent.destroy()));
  }).on('error', () => {});
}
setInterval(once, 10);
console.log('ready');`,
  /** bind() to a source address before each connect(). */
  'bind-first.py': `
import socket, sys, time
host, port = sys.argv[1], int(sys.argv[2])
print('ready', flush=True)
while True:
    s = socket.socket()
    try:
        s.bind((host, 0))
        s.connect((host, port))
    except OSError:
        pass
    s.close()
    time.sleep(0.01)`,
  /** A service that never closes what its clients have closed. */
  'never-closes.py': `
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=100)
print('ready', flush=True)
kept = []
while True:
    kept.append(server.accept()[0])`,
  /** A server that keeps connections, and says nothing. */
  'server.mjs': `
import http from 'node:http';
const [host, port] = process.argv.slice(2);
const server = http.createServer((request, response) => {
  if (request.url === '/slow') setTimeout(() => response.end('ok'), 20);
  else response.end('ok');
});
server.keepAliveTimeout = 60_000;
server.listen({ host, port, backlog: 500 }, () => console.log('ready'));`,
} as const;
export type Misconfigured = keyof typeof PROGRAMS;

/** Resolves when the program has printed "ready". */
export async function misconfigured(
  scope: Scope,
  netns: Netns,
  name: Misconfigured,
  address: string,
  port: number,
): Promise<Running> {
  const file = join(scope.directory(), name);
  writeFileSync(file, PROGRAMS[name]);
  const runtime = name.endsWith('.py') ? '/usr/bin/python3' : process.execPath;
  const running = await start(scope, [runtime, file, address, String(port)], { netns });
  await running.printed(/ready/);
  return running;
}
