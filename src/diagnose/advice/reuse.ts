/**
 * How to reuse connections, per runtime and protocol: one fix, or one for each of the usual libraries. What a runtime has no answer
 * for is answered in general: an HTTP client does not help who asks a database. Read by fixes.ts. Data, and the look-up.
 */
import type { Endpoint, Fix, ProcessInfo } from '../../protocol/rows.js';
import { isFastCgiServer, PROTOCOLS, type Protocol, type Runtime } from '../runtime.js';
import * as compiled from './compiled.js';
import type { Place, Snippet } from './place.js';
import * as proxies from './proxies.js';
import * as scripts from './scripts.js';
import * as tools from './tools.js';

type Snippets = readonly [Snippet, ...Snippet[]];
type ByProtocol = { readonly [P in Protocol]?: Snippets };
/** A tool that is what it is, whatever it speaks. */
const always = (snippet: Snippet): ByProtocol =>
  Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, [snippet]]));

const REUSE: Readonly<Record<Runtime, ByProtocol>> = {
  node: {
    http: [scripts.NODE_HTTP, scripts.NODE_FETCH],
    postgres: [scripts.NODE_PG],
    mysql: [scripts.NODE_MYSQL],
    redis: [scripts.NODE_REDIS],
  },
  python: {
    http: [scripts.PYTHON_REQUESTS, scripts.PYTHON_URLLIB3],
    postgres: [scripts.PYTHON_PSYCOPG],
    mysql: [scripts.PYTHON_SQLALCHEMY],
    redis: [scripts.PYTHON_REDIS],
  },
  php: {
    http: [scripts.PHP_HTTP],
    postgres: [scripts.PHP_PDO_POSTGRES],
    mysql: [scripts.PHP_MYSQLI, scripts.PHP_PDO_MYSQL],
    redis: [scripts.PHP_REDIS],
    memcached: [scripts.PHP_MEMCACHED],
  },
  ruby: {
    http: [scripts.RUBY_HTTP],
    postgres: [scripts.RUBY_DATABASE],
    mysql: [scripts.RUBY_DATABASE],
    redis: [scripts.RUBY_REDIS],
  },
  go: {
    http: [compiled.GO_HTTP],
    postgres: [compiled.GO_DATABASE],
    mysql: [compiled.GO_DATABASE],
    database: [compiled.GO_DATABASE],
    redis: [compiled.GO_REDIS],
  },
  java: {
    http: [compiled.JAVA_HTTP],
    postgres: [compiled.JAVA_POSTGRES],
    mysql: [compiled.JAVA_MYSQL],
  },
  dotnet: {
    http: [compiled.DOTNET_HTTP],
    postgres: [compiled.DOTNET_DATABASE],
    mysql: [compiled.DOTNET_DATABASE],
    database: [compiled.DOTNET_DATABASE],
  },
  nginx: always(proxies.NGINX_PROXY),
  haproxy: always(proxies.HAPROXY),
  envoy: always(proxies.ENVOY),
  curl: always(tools.CURL),
  wget: always(tools.WGET),
  pgbench: always(tools.PGBENCH),
  'redis-benchmark': always(tools.REDIS_BENCHMARK),
  'redis-cli': always(tools.REDIS_CLI),
  ab: always(tools.AB),
  unknown: {
    postgres: [tools.ANY_POSTGRES],
    mysql: [tools.ANY_DATABASE],
    database: [tools.ANY_DATABASE],
  },
};

export function reuse(runtime: Runtime, protocol: Protocol, place: Place): [Fix, ...Fix[]] {
  return snippetsOf(runtime, protocol).map((snippet) => snippet(place)) as [Fix, ...Fix[]];
}

const snippetsOf = (runtime: Runtime, protocol: Protocol): Snippets =>
  REUSE[runtime][protocol] ?? REUSE.unknown[protocol] ?? [tools.ANY];

/** The same where the port alone says what is spoken: another service there has the same cure in other words. */
export function usualReuse(runtime: Runtime, protocol: Protocol, place: Place): [Fix, ...Fix[]] {
  const fixes = reuse(runtime, protocol, place);
  const service = SERVICES[protocol];
  if (service === null || snippetsOf(runtime, protocol)[0] === snippetsOf(runtime, 'http')[0]) return fixes;
  const words = ` The lines are for ${service}, for which port ${place.port} is usual; of any other service keep the client in the same way.`;
  return fixes.map((fix) => ({ ...fix, text: fix.text + words })) as [Fix, ...Fix[]];
}

/** Null: what else has no usual port. */
const SERVICES: Readonly<Record<Protocol, string | null>> = {
  http: null,
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  database: 'a database',
  redis: 'Redis',
  memcached: 'memcached',
};

/** Ports where nothing but HTTP is usual. */
const HTTP_PORTS: ReadonlySet<number | null> = new Set([80, 443, 3000, 5000, 8000, 8080, 8081, 8443]);
const FASTCGI_PORT = 9000;

/**
 * proxy_pass and fastcgi_pass look the same from outside: both fixes where nothing tells, each with the directive it is for.
 * @param acceptor who accepts there; null: not known
 */
export function nginxFixes(place: Place, { port }: Endpoint, acceptor: ProcessInfo | null): [Fix, ...Fix[]] {
  const [proxy, fastCgi] = [proxies.NGINX_PROXY(place), proxies.NGINX_FASTCGI(place)];
  if (acceptor !== null) return isFastCgiServer(acceptor) ? [fastCgi] : [proxy];
  if (HTTP_PORTS.has(port)) return [proxy];
  return port === FASTCGI_PORT ? [fastCgi, proxy] : [proxy, fastCgi];
}
