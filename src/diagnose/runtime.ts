/**
 * Which runtime a process is, so that a fix comes in its language. In: what is known of a process. Out: a runtime, and
 * what its destination probably speaks. Pure.
 */
import { basename } from 'node:path';
import type { Endpoint, ProcessInfo } from '../protocol/rows.js';

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
  'pgbench',
  'redis-benchmark',
  'ab',
  'unknown',
] as const;
export type Runtime = (typeof RUNTIMES)[number];
export type Protocol = 'http' | 'database' | 'redis';

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
  [/^(curl|wget|wget2|http|https|xh)$/, 'curl'],
  [/^pgbench$/, 'pgbench'],
  [/^redis-(benchmark|cli)$|^valkey-(benchmark|cli)$/, 'redis-benchmark'],
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

const DATABASES = new Set([1433, 1521, 3306, 3307, 5432, 5433, 6432, 9042, 26257, 27017]);
const CACHES = new Set([6379, 6380, 11211, 26379]);

/** By the usual port; what has none is taken for HTTP. */
export function protocolOf({ port }: Endpoint): Protocol {
  if (port !== null && DATABASES.has(port)) return 'database';
  return port !== null && CACHES.has(port) ? 'redis' : 'http';
}
