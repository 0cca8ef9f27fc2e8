/**
 * Real programs, misconfigured on purpose and then configured well, and what must be found of each. In: nothing. Out: the list
 * that diagnose.ts plays.
 */
import type { FindingRow } from '../../../src/protocol/rows.js';
import { program } from '../../support/misconfigured.js';
import { KEPT, type Netns, type Sysctls } from '../../support/netns.js';
import { type Running, start } from '../../support/process.js';
import { nginx, pgbenchWords, postgres, redis, type Server } from '../../support/programs.js';
import type { Scope } from '../../support/scope.js';

export const ADDRESS = '127.0.0.1';
const RANGE = 'net.ipv4.ip_local_port_range';
/** 8,000 ports, none of which is taken over. */
export const SETTINGS: Sysctls = { ...KEPT, [RANGE]: '30000 37999' };

type Run = (scope: Scope, netns: Netns) => Promise<Running>;

export interface Scenario {
  sysctls?: Sysctls;
  /** What is there before, in order. */
  around?: ((scope: Scope, netns: Netns) => Promise<unknown>)[];
  bad: Run;
  good: Run;
  /** Of the first finding. */
  rule: string;
  severities: FindingRow['severity'][];
  port: number;
  comm: string;
  /** The finding is about the very process that `bad` gives; else about some worker or child of it. */
  itself?: boolean;
  title?: RegExp;
  /** In the text or the snippet of the first fix for good; without it, what is to change is a setting. */
  fix?: RegExp;
  /** What the first thing to do now is called, and how it is undone. */
  doNow?: { text: RegExp; undo: RegExp };
}

const run =
  (name: string, port = 8080): Run =>
  (scope, netns) =>
    program(scope, netns, name, ADDRESS, port);

const proxy =
  (keepAlive: boolean): Run =>
  async (scope, netns) =>
    (await nginx(scope, netns, { port: 8081, upstream: 8080, workers: 1, keepAlive })).process;

/** Asks the proxy, through connections that it keeps; begins before there is one. */
const visitors = run('one-agent.mjs', 8081);
const closingServer = (scope: Scope, netns: Netns) => nginx(scope, netns, { workers: 1 });

const servers = new Map<Netns, Server>();
const database = async (scope: Scope, netns: Netns) => servers.set(netns, await postgres(scope, netns));
const bench =
  (...flags: string[]): Run =>
  (scope, netns) => {
    const words = pgbenchWords(servers.get(netns) as Server, '-S', '-n', '-c', '2', '-R', '60', ...flags);
    return start(scope, words, { netns });
  };
const redisBench =
  (...flags: string[]): Run =>
  (scope, netns) =>
    start(scope, ['redis-benchmark', '-c', '2', '-t', 'ping_mbulk', '-q', ...flags], { netns });

const churn = { rule: 'connection-churn', port: 8080 } as const;
const WARNING = ['warning'] as const;
const INFO = ['info'] as const;
const node = { comm: 'node', itself: true, fix: /new http\.Agent\(\{ keepAlive: true/ } as const;
const widen = { text: /^Widen the port range/, undo: /ip_local_port_range="30000 30098"/ };

export const SCENARIOS: Record<string, Scenario> = {
  'node with an agent per request': {
    ...{ ...churn, ...node, severities: [...WARNING], around: [run('server.mjs')] },
    bad: run('agent-per-request.mjs'),
    good: run('one-agent.mjs'),
  },
  'node without keep-alive, toward a server that waits': {
    ...{ ...churn, ...node, severities: [...WARNING], around: [run('never-first.mjs')] },
    bad: run('without-keep-alive.mjs'),
    good: run('one-agent.mjs'),
  },
  'node without keep-alive, toward a server that closes: no port is held': {
    ...{ ...churn, ...node, severities: [...INFO], around: [closingServer], title: /no local port is held/ },
    bad: run('without-keep-alive.mjs'),
    good: (scope, netns) => start(scope, ['sleep', '600'], { netns }), // this server lets nobody keep a connection
  },
  'nginx without keep-alive, toward a server that waits': {
    ...{ ...churn, comm: 'nginx', severities: [...WARNING], around: [run('never-first.mjs'), visitors] },
    bad: proxy(false),
    good: proxy(true),
    fix: /keepalive 64;/,
  },
  'nginx without keep-alive, toward a server that closes: no port is held': {
    ...{ ...churn, comm: 'nginx', severities: [...INFO], around: [run('server.mjs'), visitors] },
    bad: proxy(false),
    good: proxy(true),
    title: /no local port is held/,
    fix: /keepalive 64;/,
  },
  'python with a client per request': {
    ...{ ...churn, comm: 'python3', severities: [...WARNING], itself: true, around: [run('server.mjs')] },
    bad: run('client-per-request.py'),
    good: run('one-client.py'),
    fix: /requests\.Session\(\)/,
  },
  'pgbench -C': {
    ...{ ...churn, comm: 'pgbench', severities: [...WARNING], itself: true, port: 5432, around: [database] },
    bad: bench('-C', '-T', '300'),
    good: bench('-T', '300'),
    fix: /Leave out -C/,
  },
  'redis-benchmark -k 0': {
    ...{ ...churn, comm: 'redis-benchmark', severities: ['warning', 'critical'], itself: true, port: 6379 },
    around: [redis],
    sysctls: { [RANGE]: '1024 65535' }, // it cannot be slowed down, and ends with the first connect that fails
    bad: redisBench('-k', '0', '-n', '60000'),
    good: redisBench('-k', '1', '-n', '200000'),
    fix: /-k 0/,
  },
  'a shell loop of curl': {
    ...{ ...churn, comm: 'curl', severities: [...WARNING], around: [run('server.mjs')] },
    bad: run('curl-loop.sh'),
    good: run('one-curl.sh'),
    fix: /^One process per request/,
  },
  'a pool, and clients per request beside it': {
    ...{ rule: 'pool-bypassed', port: 8080, severities: [...WARNING], around: [run('server.mjs')] },
    ...{ comm: 'node', itself: true },
    bad: run('pool-and-client.mjs'),
    good: run('one-agent.mjs'),
    fix: /^Find the code that does not use the pool/,
  },
  'a client that binds before it connects': {
    ...{ rule: 'bind-before-connect', port: 8080, severities: ['warning', 'critical'] },
    ...{ comm: 'python3', itself: true, around: [run('server.mjs')] },
    bad: run('bind-first.py'),
    good: run('bind-late.py'),
    fix: /IP_BIND_ADDRESS_NO_PORT/,
  },
  'a service that leaks CLOSE_WAIT': {
    ...{ rule: 'close-wait-leak', port: 8080, severities: [...WARNING], comm: 'python3', itself: true },
    bad: run('never-closes.py'),
    good: run('closes.py'),
    fix: /close/i,
  },
  'a limit of TIME_WAIT entries that is too small': {
    ...{ rule: 'time-wait-overflow', port: 8080, severities: [...WARNING], ...node },
    sysctls: { 'net.ipv4.tcp_max_tw_buckets': 100 },
    around: [run('server.mjs')],
    bad: run('agent-per-request.mjs'),
    good: run('one-agent.mjs'),
    doNow: { text: /^Raise the limit of TIME_WAIT entries/, undo: /tcp_max_tw_buckets="100"/ },
  },
  'a narrowed range, where the default would do': {
    ...{ rule: 'narrow-port-range', port: 8080, severities: ['critical'], comm: 'python3', itself: true },
    sysctls: { [RANGE]: '30000 30098' },
    around: [run('server.mjs')],
    bad: run('holds.py'),
    good: run('holds.py'), // it needs them: the range was wrong
    title: /Only 99 local ports are allowed here/,
    doNow: { ...widen },
  },
};
