/**
 * Every connection in the generator's own log is found in the flows, with the right process and destination: many processes,
 * ways to connect, ways to close, address families. The log never asks the kernel for a cookie.
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Flags, type LogRecord, readLog } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { fileScope, testScope } from '../support/scope.js';
import { startService } from '../support/service.js';
import { tally } from '../support/tally.js';

const V4 = '127.0.0.1:9000';
const EACH = 100;

/** Clients, by name; together they leave one row per process and destination. */
const CLIENTS: Record<string, Flags> = {
  'closes first': { to: V4 },
  'closes second': { to: '127.0.0.1:9001', close: 'server' },
  'shuts down': { to: V4, close: 'shutdown' },
  resets: { to: V4, close: 'reset' },
  'forgets FIN_WAIT2 soon': { to: V4, close: 'linger2', linger2: 2 },
  'exits with five open': { to: V4, close: 'exit', 'per-child': 5 },
  'is killed with five open': { to: V4, close: 'kill', 'per-child': 5 },
  'lets a child close': { to: V4, close: 'fork' },
  'lets another process close': { to: V4, close: 'pass' },
  'does not block': { to: V4, call: 'nonblock' },
  'uses io_uring': { to: V4, call: 'uring' },
  'uses four processes and two threads': { to: V4, processes: 4, threads: 2 },
  'speaks to ten destinations': { to: V4, spread: 10 },
  'speaks IPv6': { to: '[::1]:9000' },
  'speaks IPv4 through an IPv6 socket': { to: V4, mapped: true },
  'binds before it connects': { to: V4, bind: '127.0.0.1:0' },
  'holds for a while': { to: V4, 'hold-ms': 300 },
};

type Counts = Record<string, number>;

const opened = (records: LogRecord[]) =>
  tally(records.filter((it) => !it.errno).map((it) => `${it.pid} ${it.remote}`));

const shown = (rows: FlowRow[], field: 'opened' | 'closedFirst' | 'failed'): Counts =>
  Object.fromEntries(rows.filter((row) => row[field]).map((row) => [nameOf(row), row[field] as number]));

function nameOf({ process, destination: { address, port } }: FlowRow): string {
  return `${process.pid} ${address?.includes(':') ? `[${address}]` : address}:${port}`;
}

const scope = fileScope();
const started = startService(scope, '--interval', '250');

/** Runs a client against servers in a fresh namespace; gives its log and, once all is closed, its rows. */
async function traced(flags: Flags) {
  const test = testScope();
  const service = await started;
  const netns = Netns.create(scope); // lives as long as the service: the inode of a deleted one would be used again
  const log = join(test.directory(), 'log');
  await churnServer(test, netns, [V4, '127.0.0.1:9001=first', '[::1]:9000']);
  if (flags.spread)
    await churnServer(
      test,
      netns,
      [...Array(9).keys()].map((n) => `127.0.0.${n + 2}:9000`),
    );
  const client = await churnClient(test, netns, { count: EACH, log, ...flags });
  const summary = await client.done();
  await client.process.exited;
  const table = (await service.stream(test)).subscribe('flows', {
    filter: `netns:${netns.inode} dir:out`,
    limit: 5000,
  });
  const records = readLog(log);
  const pids = new Set(records.map(({ pid }) => pid));
  // Until its first event is read, the inode may still mean a deleted namespace (docs/limits.md).
  const isOurs = (rows: FlowRow[]) => rows.every(({ process }) => pids.has(process.pid ?? 0));
  const done = (rows: FlowRow[]) => rows.reduce((sum, row) => sum + (row.closed ?? 0) + (row.failed ?? 0), 0);
  const rows = await table.until((all) => isOurs(all) && done(all) >= summary.closed + summary.failed && all);
  return { client, records, rows };
}

it.each(Object.entries(CLIENTS))('a client that %s', async (_, flags) => {
  const { records, rows } = await traced(flags);
  expect(shown(rows, 'opened')).toEqual(opened(records));
  for (const row of rows) expect(row.process).toMatchObject({ comm: 'churngen', uid: 0, self: false });
  for (const row of rows) expect(row.process.exe).toMatch(/\/churngen$/);
});

it.each(['client', 'shutdown', 'exit', 'kill', 'fork', 'pass'])(
  '%s closes first, the opener pays',
  async (close) => {
    const { records, rows } = await traced({ to: V4, close, 'per-child': 5 });
    expect(shown(rows, 'closedFirst')).toEqual(opened(records));
  },
);

it('a client that closes second closed none first', async () => {
  const { rows } = await traced({ to: '127.0.0.1:9001', close: 'server' });
  expect(shown(rows, 'closedFirst')).toEqual({});
});

it.each(['block', 'nonblock', 'uring'])('a client that is refused (%s)', async (call) => {
  const { client, rows } = await traced({ to: '127.0.0.1:9', call });
  expect(shown(rows, 'failed')).toEqual({ [`${client.pid} 127.0.0.1:9`]: EACH });
  expect(shown(rows, 'opened')).toEqual({});
});
