/**
 * Real servers and clients, each started by hand in a namespace, with a configuration and directory of its own, in the
 * foreground, and ended with its scope. The system's own services are never touched.
 */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from './netns.js';
import { type Finished, must, type Running, start } from './process.js';
import type { Scope } from './scope.js';

export interface Server {
  process: Running;
  address: string;
  port: number;
}

export interface NginxServer extends Server {
  workers: number[];
}

export interface NginxOptions {
  address?: string;
  port?: number;
  workers?: number;
  /** Passes requests on to this port of the address. */
  upstream?: number;
  /** Keeps connections: to clients, and to the upstream. */
  keepAlive?: boolean;
}

/** nginx as master and `workers` processes; closes after each response unless told to keep connections. */
export async function nginx(scope: Scope, netns: Netns, options: NginxOptions = {}): Promise<NginxServer> {
  const { address = '127.0.0.1', port = 8080, workers = 2 } = options;
  const directory = scope.directory();
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, nginxConfig(directory, { ...options, address, port, workers }));
  const process = await start(scope, ['nginx', '-e', 'stderr', '-p', directory, '-c', file], { netns });
  const pids = () =>
    [...process.stderr.matchAll(/start worker process (\d+)\n/g)].map((match) => Number(match[1]));
  await process.until(() => pids().length === workers, `start ${workers} workers`);
  return { process, address, port, workers: pids() };
}

function nginxConfig(directory: string, options: NginxOptions): string {
  const { address, port, workers, upstream, keepAlive = false } = options;
  const kept = 'proxy_http_version 1.1; proxy_set_header Connection "";';
  const pass = `proxy_pass http://upstream; ${keepAlive ? kept : ''}`;
  const servers = `upstream upstream { server ${address}:${upstream}; ${keepAlive ? 'keepalive 16;' : ''} }`;
  return `daemon off; user nobody nogroup; worker_processes ${workers}; pid ${directory}/nginx.pid;
error_log stderr notice;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout ${keepAlive || upstream ? 75 : 0};
  ${upstream ? servers : ''}
  server {
    listen ${address}:${port} backlog=4096;
    location / { ${upstream ? pass : 'return 200 "ok\\n";'} }
  }
}
`;
}

/** ApacheBench: one connection per request. `pid` is ab's; it has ended when this returns. */
export function ab(netns: Netns, url: string, requests: number, concurrency: number): Promise<Finished> {
  return must(['ab', '-q', '-n', String(requests), '-c', String(concurrency), url], {
    netns,
    withinMs: 120_000,
  });
}

const POSTGRES_USER = 'postgres';

/** A new PostgreSQL cluster over TCP (trust), with the tables of pgbench. */
export async function postgres(
  scope: Scope,
  netns: Netns,
  { address = '127.0.0.1', port = 5432 } = {},
): Promise<Server> {
  const directory = scope.directory();
  chownSync(directory, userId('-u'), userId('-g'));
  const data = join(directory, 'data');
  const as = { netns, user: POSTGRES_USER, cwd: directory };
  await must([postgresTool('initdb'), '-D', data, '-A', 'trust', '--no-sync'], as);
  const settings = [`listen_addresses=${address}`, `port=${port}`, `unix_socket_directories=${directory}`];
  const words = [postgresTool('postgres'), '-D', data, '-F', ...settings.flatMap((one) => ['-c', one])];
  const process = await start(scope, words, as);
  await process.printed(/database system is ready to accept connections/);
  await pgbench(netns, { process, address, port }, '-i', '-q');
  return { process, address, port };
}

/** `pid` is pgbench's own; it has ended when this returns. */
export function pgbench(netns: Netns, server: Server, ...flags: string[]): Promise<Finished> {
  return must(pgbenchWords(server, ...flags), { netns, withinMs: 120_000 });
}

export function pgbenchWords(server: Server, ...flags: string[]): string[] {
  const where = ['-h', server.address, '-p', String(server.port), '-U', POSTGRES_USER, 'postgres'];
  return [postgresTool('pgbench'), ...flags, ...where];
}

export async function redis(
  scope: Scope,
  netns: Netns,
  { address = '127.0.0.1', port = 6379 } = {},
): Promise<Server> {
  const own = { save: '', dir: scope.directory(), daemonize: 'no', 'protected-mode': 'no' };
  const settings = { bind: address, port: String(port), ...own };
  const words = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const process = await start(scope, ['redis-server', ...words], { netns });
  await process.printed(/Ready to accept connections/i);
  return { process, address, port };
}

/** Debian keeps PostgreSQL's programs out of PATH, and puts wrappers there under the same names. */
function postgresTool(name: string): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin', name)).find(existsSync) ?? name;
}

function userId(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, POSTGRES_USER], { encoding: 'utf8' }));
}
