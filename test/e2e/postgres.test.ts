/**
 * `pgbench -C` opens a connection per transaction to a real PostgreSQL over TCP; compared with the counters of the namespace
 * both live in.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { type Counting, counting, quiet, sockets } from '../support/counters.js';
import { KEPT, Netns } from '../support/netns.js';
import type { Finished } from '../support/process.js';
import { pgbench, postgres, type Server } from '../support/programs.js';
import { fileScope } from '../support/scope.js';
import { startService } from '../support/service.js';

const TRANSACTIONS = 500;

const opened = (rows: FlowRow[]) => rows.reduce((total, row) => total + (row.opened ?? 0), 0);

describe('pgbench -C against PostgreSQL', () => {
  const scope = fileScope();
  let netns: Netns;
  let server: Server;
  let grown: Counting;
  let client: Finished;
  let outbound: FlowRow[];
  let inbound: FlowRow[];
  let missed: number;

  beforeAll(async () => {
    netns = Netns.create(scope, KEPT);
    server = await postgres(scope, netns);
    quiet(netns);
    const service = await startService(scope); // after pgbench -i: only what is counted below
    const entries = sockets(netns, 'time-wait').length;
    expect(entries).toBeLessThan(20);
    grown = counting(netns);
    client = await pgbench(netns, server, '-C', '-S', '-c', '4', '-t', String(TRANSACTIONS / 4));
    const table = (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode}` });
    const settled = (rows: FlowRow[]) =>
      opened(rows) >= 2 * grown('Tcp.ActiveOpens') && rows.every((row) => row.established === 0);
    const rows = await table.until((all) => settled(all) && all);
    /* What pgbench -i left in TIME_WAIT before the service started is nobody's. */
    const owned = rows.filter((row) => row.process.pid !== null);
    missed = await service.missedCloses();
    outbound = owned.filter((row) => row.direction === 'out');
    inbound = owned.filter((row) => row.direction === 'in');
  });

  it('counts every connection of pgbench, which has exited', () => {
    expect(grown('Tcp.ActiveOpens')).toBeGreaterThan(TRANSACTIONS);
    expect(outbound).toHaveLength(1);
    expect(outbound[0]).toMatchObject({
      opened: grown('Tcp.ActiveOpens'),
      destination: { address: '127.0.0.1', port: 5432 },
      process: { pid: client.pid, comm: 'pgbench', exited: true },
    });
    expect(outbound[0]?.process.exe).toMatch(/\/bin\/pgbench$/);
    expect(outbound[0]?.process.cmdline).toMatch(/pgbench -C -S -c 4 /);
  });

  it('gives the inbound side to the server, at the right port', () => {
    expect(opened(inbound)).toBe(grown('Tcp.PassiveOpens'));
    for (const row of inbound) {
      expect(row.destination).toMatchObject({ address: '127.0.0.1', port: 5432 });
      expect(row.process.exe, JSON.stringify(row)).toMatch(/\/bin\/postgres$/);
      expect([row.process.pid, row.process.ppid]).toContain(server.process.pid);
    }
  });

  it('agrees with the kernel on who closed first', () => {
    /* Who closed first is not known of a close that the kernel did not show: the service counts these, and its row says so. */
    const first = [...outbound, ...inbound].reduce((total, row) => total + (row.closedFirst ?? 0), 0);
    expect(first + missed).toBeGreaterThanOrEqual(grown('TcpExt.TW'));
    const atClient = sockets(netns, 'time-wait').filter(({ remote }) => remote === '127.0.0.1:5432').length;
    expect((outbound[0]?.closedFirst ?? 0) + missed).toBeGreaterThanOrEqual(atClient - 20);
    expect([...outbound, ...inbound].some(({ lowerBound }) => lowerBound) && missed === 0).toBe(false);
  });
});
