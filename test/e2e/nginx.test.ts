/**
 * Real nginx and ApacheBench in a namespace of their own; everything is compared with that namespace's own counters and, at
 * the end, with its socket table.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { openPage, shownRow } from '../support/browser.js';
import { type Counting, counting, sockets } from '../support/counters.js';
import { KEPT, Netns } from '../support/netns.js';
import type { Finished } from '../support/process.js';
import { ab, type NginxServer, nginx } from '../support/programs.js';
import { fileScope, testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';

const REQUESTS = 20_000;
const FLOWS = /TCP flows/;
/** The entries of the client's end must last. */

const sum = (rows: FlowRow[], field: 'opened' | 'closedFirst' | 'closed') =>
  rows.reduce((total, row) => total + (row[field] ?? 0), 0);

/** Exact, but for what the kernel did not show. */
function isShortBy(most: number, count: number, truth: number): void {
  expect(count).toBeLessThanOrEqual(truth);
  expect(count + most).toBeGreaterThanOrEqual(truth);
}

const scope = fileScope();
const [netns, pages] = [Netns.create(scope, KEPT), Netns.create(scope, KEPT)];
const started = startService(scope);

describe('ab against nginx', () => {
  let service: Service;
  let server: NginxServer;
  let grown: Counting;
  let client: Finished;
  let flows: FlowRow[];
  let missed: number;
  const inbound = () => flows.filter((row) => row.direction === 'in');
  const outbound = () => flows.filter((row) => row.direction === 'out');

  beforeAll(async () => {
    service = await started;
    server = await nginx(scope, netns, { workers: 2 });
    grown = counting(netns);
    client = await ab(netns, 'http://127.0.0.1:8080/', REQUESTS, 8);
    const table = (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode}` });
    flows = await table.until((rows) => sum(rows, 'closed') >= 2 * grown('Tcp.ActiveOpens') && rows);
    missed = await service.missedCloses();
  });

  it('shows the flow of ab, which has exited, with its name, command line and destination', () => {
    expect(outbound()).toHaveLength(1);
    const [flow] = outbound() as [FlowRow];
    expect(flow.process).toMatchObject({ pid: client.pid, comm: 'ab', exited: true, self: false, uid: 0 });
    expect(flow.process.exe).toMatch(/\/ab$/);
    expect(flow.process.cmdline).toBe(`ab -q -n ${REQUESTS} -c 8 http://127.0.0.1:8080/`);
    expect(flow.destination).toMatchObject({ address: '127.0.0.1', port: 8080 });
  });

  it('counts every connection, on both ends', () => {
    expect(grown('Tcp.ActiveOpens')).toBeGreaterThanOrEqual(REQUESTS);
    expect(sum(outbound(), 'opened')).toBe(grown('Tcp.ActiveOpens'));
    expect(sum(inbound(), 'opened')).toBe(grown('Tcp.PassiveOpens'));
    expect(sum(inbound(), 'opened')).toBe(sum(outbound(), 'opened'));
    expect(flows.some((row) => row.lowerBound) && missed === 0).toBe(false);
  });

  it('gives the inbound side to the workers that accepted', () => {
    expect(
      inbound()
        .map((row) => row.process.pid)
        .sort(),
    ).toEqual([...server.workers].sort());
    for (const row of inbound()) {
      expect(row.process).toMatchObject({ comm: 'nginx', ppid: server.process.pid, exited: false });
      expect(row.destination).toMatchObject({ address: '127.0.0.1', port: 8080 });
    }
  });

  it('agrees with the kernel on who closed first', () => {
    const entries = sockets(netns, 'time-wait');
    const atServer = entries.filter(({ local }) => local === '127.0.0.1:8080').length;
    isShortBy(missed, sum(flows, 'closedFirst'), grown('TcpExt.TW'));
    isShortBy(missed, sum(outbound(), 'closedFirst'), entries.length - atServer);
    // A SYN from the same port ends an entry early.
    expect(sum(inbound(), 'closedFirst') + missed).toBeGreaterThanOrEqual(atServer);
    expect(atServer).toBeGreaterThan(REQUESTS / 2);
  });

  it('counts payload and times', () => {
    const [flow] = outbound() as [FlowRow];
    expect(flow.bytesSent).toBe(inbound().reduce((total, row) => total + (row.bytesReceived ?? 0), 0));
    expect(flow.bytesReceived).toBe(inbound().reduce((total, row) => total + (row.bytesSent ?? 0), 0));
    expect(flow.lifetimeMs.p50).toBeGreaterThan(0);
    expect(flow.firstSeen).toBeLessThan(flow.lastSeen as number);
  });

  it('gives the same over HTTP as over the WebSocket', async () => {
    const rows = await service.flows({ filter: `netns:${netns.inode}` });
    expect(rows.map(({ key, opened }) => [key, opened]).sort()).toEqual(
      flows.map(({ key, opened }) => [key, opened]).sort(),
    );
  });
});

describe('the page', () => {
  it('shows both ends, live', async () => {
    const test = testScope();
    const service = await started;
    const { workers } = await nginx(test, pages, { workers: 1 });
    /* Alone: what holds no port stands below what the machine has left in TIME_WAIT, and may be out of sight. */
    const { page, problems } = await openPage(test, `${service.url}?filter=netns:${pages.inode}`);
    const grown = counting(pages);
    const load = ab(pages, 'http://127.0.0.1:8080/', REQUESTS, 8);
    const opened = (row: Record<string, string>) => Number((row.Opened ?? '').replace(/\D/g, ''));
    const isAb = (row: Record<string, string>) => /^ab \d/.test(row.Process ?? '');
    const early = opened(await shownRow(page, FLOWS, (row) => isAb(row) && opened(row) > 0));
    await shownRow(page, FLOWS, (row) => isAb(row) && opened(row) > early);
    const { pid } = await load;
    const total = grown('Tcp.ActiveOpens');
    const row = await shownRow(page, FLOWS, (it) => isAb(it) && opened(it) === total);
    expect(row.Process).toContain(String(pid));
    expect(row.Destination).toMatch(/^127\.0\.0\.1:8080( http-alt)?( → nginx)?$/);
    const ours = (it: Record<string, string>) => (it.Process ?? '').includes(`nginx ${workers[0]}`);
    const back = await shownRow(page, FLOWS, (it) => ours(it) && opened(it) === total);
    expect(back.Destination).toMatch(/^127\.0\.0\.1:8080( http-alt)?$/);
    expect(problems).toEqual([]);
  });
});
