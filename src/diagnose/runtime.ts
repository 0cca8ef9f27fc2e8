/**
 * Which runtime a process is, so that a fix comes in its language. In: what is known of a process. Out: a runtime, and
 * what its destination probably speaks. Pure.
 */
import { basename } from 'node:path';
import type { Place, ProcessInfo } from '../protocol/rows.js';

export const RUNTIMES = [
  'node',
  'python',
  'go',
  'java',
  'php',
  'ruby',
  'dotnet',
  'nginx',
  'haproxy',
  'envoy',
  'curl',
  'wget',
  'pgbench',
  'redis-benchmark',
  'redis-cli',
  'ab',
  'unknown',
] as const;
export type Runtime = (typeof RUNTIMES)[number];
/** What decides which fix helps. `database`: one that has no fix of its own. */
export const PROTOCOLS = ['http', 'postgres', 'mysql', 'database', 'redis', 'memcached'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** By the file's name; the first that matches. */
const BY_FILE: readonly [RegExp, Runtime][] = [
  [/^(node|nodejs|bun|deno)$/, 'node'],
  [/^(python|pypy)[\d.]*$/, 'python'],
  [/^(gunicorn|uwsgi|celery)/, 'python'],
  [/^java$/, 'java'],
  [/^(php|php-fpm|php-cgi)[\d.]*$/, 'php'],
  [/^(ruby|puma|unicorn|sidekiq)[\d.]*/, 'ruby'],
  [/^dotnet$/, 'dotnet'],
  [/^(nginx|openresty|angie)$/, 'nginx'],
  [/^haproxy$/, 'haproxy'],
  [/^envoy$/, 'envoy'],
  [/^(curl|http|https|xh)$/, 'curl'],
  [/^wget2?$/, 'wget'],
  [/^pgbench$/, 'pgbench'],
  [/^(redis|valkey)-benchmark$/, 'redis-benchmark'],
  [/^(redis|valkey)-cli$/, 'redis-cli'],
  [/^(ab|wrk|hey|siege|vegeta|oha|h2load)$/, 'ab'],
];

/** Go programs have names of their own; these are met on many machines. */
const GO =
  /^(caddy|traefik|prometheus|dockerd|containerd|kubelet|kube-proxy|etcd|consul|vault|grafana|telegraf|coredns)$/;
/** .NET applications are published under their own name: their directory says which. */
const DOTNET = /\.dll(\s|$)|\/dotnet\//;

/** @param carried what its file or its libraries say; a known name says more */
export function runtimeOf(process: ProcessInfo, carried: Runtime | null): Runtime {
  for (const name of namesOf(process)) {
    const found = BY_FILE.find(([pattern]) => pattern.test(name));
    if (found !== undefined) return found[1];
    if (GO.test(name)) return 'go';
  }
  return carried ?? (DOTNET.test(process.cmdline ?? '') ? 'dotnet' : 'unknown');
}

/** The file says what it is, comm only what it calls itself; "(deleted)" is the kernel's remark on a replaced file. */
function namesOf({ exe, comm, cmdline }: ProcessInfo): string[] {
  const first = cmdline?.split(/[\s:]/, 1)[0];
  const known = [exe?.replace(/ \(deleted\)$/, ''), first, comm?.split(/[:\s]/, 1)[0]];
  return known.flatMap((name) => (name ? [basename(name)] : []));
}

const PORTS: readonly [Protocol, readonly number[]][] = [
  ['postgres', [5432, 5433, 6432, 26257]],
  ['mysql', [3306, 3307, 6033, 33060]],
  ['database', [1433, 1521, 9042, 27017]],
  ['redis', [6379, 6380, 26379]],
  ['memcached', [11211]],
];
const PROTOCOL_BY_PORT = new Map(PORTS.flatMap(([protocol, ports]) => ports.map((port) => [port, protocol])));

/** By who is there, else by the usual port; what has none is taken for HTTP. FastCGI is known by who accepts. */
export function protocolOf({ port, peer }: Place): Protocol {
  const spoken = peer ? spokenBy(peer.process) : null;
  return spoken ?? (port === null ? undefined : PROTOCOL_BY_PORT.get(port)) ?? 'http';
}

const SERVERS: readonly [RegExp, Protocol][] = [
  [/^(postgres|postmaster|pgbouncer|pgcat|pgpool)$/, 'postgres'],
  [/^(mysqld|mariadbd|proxysql)$/, 'mysql'],
  [/^(redis|valkey|keydb)-server$/, 'redis'],
  [/^memcached$/, 'memcached'],
  [/^(sqlservr|tnslsnr|mongod|mongos|scylla)$/, 'database'],
];

/** What a server of a known kind speaks, wherever it accepts; null: any other program, which may speak anything. */
export function spokenBy(server: ProcessInfo): Protocol | null {
  const names = [...namesOf(server), server.name ?? ''];
  return SERVERS.find(([file]) => names.some((name) => file.test(name)))?.[1] ?? null;
}

/** php-fpm, by any of its names: a FastCGI server where it accepts connections. */
export const isFastCgiServer = (process: ProcessInfo): boolean =>
  namesOf(process).some((name) => /^php-(fpm|cgi)[\d.]*$/.test(name));
