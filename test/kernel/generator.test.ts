/**
 * The generator and the helpers other tests stand on, against the kernel's own counters: no tracer here. If one of these
 * fails, no other kernel or e2e result means anything.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { churnClient, churnServer, readLog } from '../support/churngen.js';
import { counting, reaches, settled, sockets } from '../support/counters.js';
import { loseFins } from '../support/firewall.js';
import { KEPT, link, Netns } from '../support/netns.js';
import { must } from '../support/process.js';
import { ab, nginx, pgbench, postgres, redis } from '../support/programs.js';
import { type Scope, testScope } from '../support/scope.js';

/** Runs `count` connections in a fresh namespace and gives what the kernel, the generator and its log say. */
async function churn(scope: Scope, policy: string, flags: Record<string, string | number | true>) {
  const netns = Netns.create(scope, KEPT);
  const log = join(scope.directory(), 'log');
  await churnServer(scope, netns, [`127.0.0.1:9000=${policy}`]);
  const grown = counting(netns);
  const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 200, log, ...flags });
  const summary = await client.done();
  await client.process.exited;
  settled(netns);
  return { netns, grown, summary, client, records: readLog(log) };
}

describe('the generator', () => {
  const styles = [
    ['client', 'peer'],
    ['server', 'first'],
    ['shutdown', 'peer'],
    ['exit', 'peer'],
    ['kill', 'peer'],
    ['fork', 'peer'],
    ['pass', 'peer'],
  ] as const;
  it.each(styles)('closes by %s and leaves one TIME_WAIT entry per connection', async (style, policy) => {
    const { netns, grown, summary, records } = await churn(testScope(), policy, { close: style });
    expect(summary).toMatchObject({ attempts: 200, opened: 200, failed: 0, closed: 200, errors: {} });
    expect(grown('Tcp.ActiveOpens')).toBe(200);
    const held = sockets(netns, 'time-wait').map(({ local, remote }) =>
      style === 'server' ? remote : local,
    );
    expect(held.sort()).toEqual(records.map(({ local }) => local).sort());
  });

  it('closes on both ends at once, and both keep an entry', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const server = await churnServer(scope, netns, ['127.0.0.1:9000=first']);
    const deliver = loseFins(netns);
    const grown = counting(netns);
    const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 20 });
    await client.done();
    await server.stop();
    deliver();
    reaches(grown, 'TcpExt.TW', 40);
    expect(sockets(netns, 'time-wait')).toHaveLength(40);
  });

  it('closes by reset and leaves none', async () => {
    const { netns, grown, records } = await churn(testScope(), 'peer', { close: 'reset' });
    expect(grown('Tcp.ActiveOpens')).toBe(200);
    expect(records).toHaveLength(200);
    expect(sockets(netns, 'time-wait')).toEqual([]);
  });

  it('says who closed when another process than the opener did', async () => {
    const { client, records } = await churn(testScope(), 'peer', { close: 'pass' });
    expect(new Set(records.map(({ pid }) => pid))).toEqual(new Set([client.pid]));
    expect(records.every(({ closer }) => closer !== client.pid)).toBe(true);
  });

  it.each(['block', 'nonblock', 'uring'])('connects by %s, and names the error', async (call) => {
    const scope = testScope();
    const good = await churn(scope, 'peer', { call });
    expect(good.summary.opened).toBe(200);
    const bad = await churnClient(scope, good.netns, { to: '127.0.0.1:9', count: 3, call });
    expect(await bad.done()).toMatchObject({ opened: 0, failed: 3, errors: { ECONNREFUSED: 3 } });
  });

  it('speaks IPv4, IPv6 and mapped, spreads over destinations, and counts bytes', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const server = await churnServer(scope, netns, ['0.0.0.0:9000', '[::1]:9000'], { echo: true });
    const log = join(scope.directory(), 'log');
    const flags = { count: 40, bytes: 100, echo: true, log } as const;
    for (const more of [
      { to: '127.0.0.1:9000', spread: 10 },
      { to: '127.0.0.1:9000', mapped: true as const },
    ])
      expect(await (await churnClient(scope, netns, { ...flags, ...more })).done()).toMatchObject({
        received: 4000,
      });
    await (await churnClient(scope, netns, { ...flags, to: '[::1]:9000' })).done();
    const destinations = new Set(readLog(log).map(({ remote }) => remote));
    expect(destinations).toEqual(
      new Set([...Array(10).keys()].map((n) => `127.0.0.${n + 1}:9000`)).add('[::1]:9000'),
    );
    expect(await server.stop()).toMatchObject({ opened: 120, sent: 12_000, received: 12_000 });
  });

  it('keeps its rate, holds connections open, and waits at its gate', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const grown = counting(netns);
    const flags = { to: '127.0.0.1:9000', count: 500, rate: 1000, 'hold-ms': 300, gate: true } as const;
    const client = await churnClient(scope, netns, flags);
    expect(grown('Tcp.ActiveOpens')).toBe(0);
    const before = performance.now();
    client.go();
    await client.done();
    expect(performance.now() - before).toBeGreaterThanOrEqual(780);
    expect(grown('Tcp.ActiveOpens')).toBe(500);
  });

  it('exhausts a small range exactly', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, { ...KEPT, 'net.ipv4.ip_local_port_range': '40000 40099' });
    netns.address('10.9.0.1/32');
    await churnServer(scope, netns, ['10.9.0.1:9000']);
    const client = await churnClient(scope, netns, { to: '10.9.0.1:9000', count: 110 });
    expect(await client.done()).toMatchObject({ opened: 100, failed: 10, errors: { EADDRNOTAVAIL: 10 } });
  });
});

describe('real programs', () => {
  it('run in a namespace of their own, joined by a veth pair', async () => {
    const scope = testScope();
    const [inside, outside] = [Netns.create(scope), Netns.create(scope)];
    link(inside, outside, [
      ['10.77.0.1/24', '10.77.0.2/24'],
      ['fd77::1/64', 'fd77::2/64'],
    ]);
    const server = await nginx(scope, outside, { address: '10.77.0.2', workers: 3 });
    expect(server.workers).toHaveLength(3);
    const grown = counting(inside);
    await ab(inside, 'http://10.77.0.2:8080/', 100, 4);
    expect(grown('Tcp.ActiveOpens')).toBeGreaterThanOrEqual(100);
    const page = await must(['curl', '-sS', 'http://10.77.0.2:8080/'], { netns: inside });
    expect(page.stdout).toBe('ok\n');
  });

  it('include PostgreSQL and Redis over TCP', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const server = await postgres(scope, netns);
    const grown = counting(netns);
    await pgbench(netns, server, '-C', '-S', '-t', '20');
    expect(grown('Tcp.ActiveOpens')).toBe(21);
    await redis(scope, netns);
    const answer = await must(['redis-cli', '-h', '127.0.0.1', 'ping'], { netns });
    expect(answer.stdout).toBe('PONG\n');
  });
});
