/**
 * Real clients against a port that is closed, a host that does not answer and a range without a free port: as many failures
 * as strace sees failed connects, by the right process, with the right errno and cause. (ab prints fewer than it makes.) And what
 * a client asks for that opens at a steady rate, whether it gets a port or not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type BudgetRow,
  type Cause,
  type FailureRow,
  type FindingRow,
  SEVERITIES,
} from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { rule } from '../support/firewall.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { cli, startService } from '../support/service.js';
import type { Table } from '../support/stream.js';
import { straced } from './strace.js';

const PORT = 9000;
const FENCE = 65_000;
const URL = `http://127.0.0.1:${PORT}/`;

const NODE = `const net = require('node:net');
let left = 5;
const next = () => { if (left-- > 0) net.connect(${PORT}, '127.0.0.1').on('error', next); };
next();`;

const PYTHON = `import socket
for _ in range(3):
    try: socket.create_connection(("127.0.0.1", ${PORT}))
    except OSError: pass`;

const HOLDER = `import socket, sys
kept = [socket.create_connection(("127.0.0.1", ${PORT})) for _ in range(4)]
print("held"); sys.stdin.read()`;

/** How each is called, by its comm; the files are written to `directory`. */
const CLIENTS: Record<string, (directory: string) => string[]> = {
  ab: () => ['ab', '-q', '-r', '-s', '1', '-n', '50', '-c', '4', URL],
  curl: () => ['curl', '-s', '--connect-timeout', '1', '--retry', '0', URL, URL, URL],
  node: (directory) => [process.execPath, file(directory, 'client.cjs', NODE)],
  python3: (directory) => ['/usr/bin/python3', file(directory, 'client.py', PYTHON)],
};

function file(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

interface Place {
  errno: string;
  cause: Cause;
  prepare(scope: Scope, netns: Netns): Promise<void>;
  sysctls: Record<string, string | number>;
}

const PLACES: Record<string, Place> = {
  'a closed port': { errno: 'ECONNREFUSED', cause: 'refused', sysctls: {}, prepare: async () => {} },
  'a host that does not answer': {
    errno: 'ETIMEDOUT',
    cause: 'timed-out',
    sysctls: { 'net.ipv4.tcp_syn_retries': 1, 'net.ipv4.tcp_syn_linear_timeouts': 0 },
    prepare: async (_, netns) => void rule(netns, '-p', 'tcp', '--dport', String(PORT), '-j', 'DROP'),
  },
  'a range without a free port': {
    errno: 'EADDRNOTAVAIL',
    cause: 'ports-exhausted',
    sysctls: { 'net.ipv4.ip_local_port_range': '40000 40003', ...KEPT },
    prepare: async (scope, netns) => {
      const to = `127.0.0.1:${PORT}`;
      await churnServer(scope, netns, [`${to}=never`]);
      const holder = await start(scope, ['/usr/bin/python3', '-u', '-c', HOLDER], { netns });
      await holder.printed(/held/);
    },
  },
};

/** ab and curl give up after a second, before the kernel does. */
const gaveUp = (client: string, place: Place) =>
  place.cause === 'timed-out' && (client === 'ab' || client === 'curl');

const scope = fileScope();
const CASES = Object.keys(PLACES).flatMap((name) =>
  Object.keys(CLIENTS).map((client) => {
    const place = PLACES[name] as Place;
    return [client, name, place, Netns.create(scope, place.sysctls)] as const;
  }),
);
const started = startService(scope);

/* All at the same time: most of it is waiting for the kernel to give up. */
it.concurrent.for(CASES)('%s against %s', async ([client, , place, netns], { onTestFinished }) => {
  const test = testScope({ onTestFinished });
  const service = await started;
  await place.prepare(test, netns);
  const words = CLIENTS[client]?.(test.directory()) ?? [];
  const { attempts } = await straced(test, netns, PORT, words);
  expect(attempts).toBeGreaterThan(0);
  await (await churnClient(test, netns, { to: `127.0.0.1:${FENCE}`, count: 1 })).done();
  const table = (await service.stream(test)).subscribe('failures', { filter: `netns:${netns.inode}` });
  const to = (rows: FailureRow[], port: number) =>
    rows.filter(({ destination }) => destination.port === port);
  const errno = gaveUp(client, place) ? null : place.errno;
  const cause = gaveUp(client, place) ? 'aborted' : place.cause;
  const rows = await table.until(
    (all) =>
      to(all, FENCE).length === 1 && to(all, PORT).every((row) => row.cause === cause) && to(all, PORT),
  );
  expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(attempts);
  for (const row of rows) {
    const destination = { address: '127.0.0.1', port: PORT };
    expect(row).toMatchObject({
      errno,
      cause,
      call: 'connect',
      direction: 'out',
      destination,
      lowerBound: false,
    });
    expect(row.process.exe).toMatch(new RegExp(client === 'node' ? '/node$' : `/${client}`));
  }
});

const ASKED = { ports: 200, perSec: 40, seconds: 12 };
const RANKS = [...SEVERITIES].reverse();

it.concurrent('a client that is refused is asked about as if it were not', async ({ onTestFinished }) => {
  const { ports, perSec, seconds } = ASKED;
  const test = testScope({ onTestFinished });
  const range = `40000 ${40_000 + ports - 1}`;
  const netns = Netns.create(test, { 'net.ipv4.ip_local_port_range': range, ...KEPT });
  const service = await started;
  const to = `127.0.0.1:${PORT}`;
  await churnServer(test, netns, [to]);
  const stream = await service.stream(test);
  const filter = `netns:${netns.inode}`;
  const severities = severitiesOf(stream.subscribe('findings'), netns);
  const budgets = stream.subscribe('budgets', { filter });
  const client = await churnClient(test, netns, { to, count: 100_000, rate: perSec, seconds });
  const row = await budgets.until((rows) => rows.find(isRefused));
  const near = (value: number | null | undefined, wanted: number) => {
    expect(value).toBeGreaterThan(0.8 * wanted);
    expect(value).toBeLessThan(1.2 * wanted);
  };
  expect(row).toMatchObject({ limit: ports, free: 0 });
  near(row.demandPerSec, perSec);
  /* Connections end at once, and each entry holds its port for a minute. */
  near(row.sustainablePerSec, ports / 60);
  const words = ['what-if', '--connect', service.url, '--filter', filter, '--range', '40000-40299'];
  const { stdout } = await cli([...words, '-o', 'json']);
  const { projected } = JSON.parse(stdout).budgets[0];
  near(projected.demandPerSec, perSec);
  near(projected.neededPorts, perSec * 60);
  expect(projected.exhaustionSeconds).not.toBeNull();
  expect((await client.done()).errors).toEqual({ EADDRNOTAVAIL: expect.any(Number) });
  expect(severities.at(-1)).toBe('critical');
  expect(severities).toEqual([...severities].sort((a, b) => RANKS.indexOf(a) - RANKS.indexOf(b)));
});

/** A good part of what it asks for finds no port. */
const isRefused = ({ demandPerSec, openPerSec }: BudgetRow) => (demandPerSec ?? 0) - (openPerSec ?? 0) > 12;

/** Of the churn that is found in the namespace, from now on: each one that differs from the one before. */
function severitiesOf(findings: Table<FindingRow>, { inode }: Netns): FindingRow['severity'][] {
  const seen: FindingRow['severity'][] = [];
  void findings
    .until((rows) => {
      const row = rows.find(({ rule, netns }) => rule === 'connection-churn' && netns === inode);
      if (row !== undefined && row.severity !== seen.at(-1)) seen.push(row.severity);
      return false;
    }, 120_000)
    .catch(() => {});
  return seen;
}
