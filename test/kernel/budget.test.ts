/**
 * Port budgets and TIME_WAIT counts against the kernel's own: its list of sockets, its counters, and the first connect() that
 * finds no port. What dies early or never becomes an entry is in no count once an audit has passed. Cases that wait for an
 * audit, or for a delay of the kernel's, do so at the same time on a machine that is fast enough.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isOut } from '../../src/forecast/outlook.js';
import { cellAt } from '../../src/protocol/ports/cells.js';
import type { PortMap } from '../../src/protocol/ports/schema.js';
import type { BudgetRow } from '../../src/protocol/rows.js';
import type { PortSource } from '../../src/protocol/source.js';
import { finish } from '../../src/query/turn.js';
import { churnClient, churnServer, type Flags, readLog } from '../support/churngen.js';
import { counting, quiet, reaches, sockets } from '../support/counters.js';
import { rule } from '../support/firewall.js';
import { KEPT, Netns, type Sysctls } from '../support/netns.js';
import { PATIENCE } from '../support/patience.js';
import { run, start } from '../support/process.js';
import { fileScope, type Over, type Scope, testScope } from '../support/scope.js';
import { type DumpedSocket, dump, dumper, STATE } from '../support/socket-dump.js';
import { audited, Budgets, compare, namespaceOf, Truth } from '../support/truth.js';
import { wire } from '../support/truth-cast.js';
import { Watch } from '../support/watch.js';

const HOLD_PORTS = fileURLToPath(new URL('../support/hold_ports.py', import.meta.url));
const ASSASSIN = fileURLToPath(new URL('./assassin.py', import.meta.url));
const QUIET = { interest: { all: false, pids: [] } };
/** Loopback addresses are reused by default; this one, on the same device, is not. */
const OWN = '10.9.0.1';
const RANGE = 'net.ipv4.ip_local_port_range';
const HELD = { 'hold-ms': 600_000 } as const;
/** One by one where everything is slow: nothing stretches the 60 s of an entry, and side by side they end before they are compared. */
const together = PATIENCE === 1 ? describe.concurrent : describe;

const scopeOfFile = fileScope();
const engine = Watch.start(scopeOfFile, [], { ...QUIET, ringBytes: 1 << 24 });
/** One for all cases: who collects a table's changes takes them from everybody else. */
const shared = engine.then((watch) => new Budgets(watch.engine));

/** A namespace of its own: it lives as long as the engine, since the inode of a deleted one would be used again. */
async function world(test: Over, sysctls: Sysctls, ...listen: string[]) {
  const [scope, watch] = [testScope(test), await engine];
  const netns = Netns.create(scopeOfFile, sysctls);
  netns.address(`${OWN}/32`);
  const server = await churnServer(scope, netns, listen.length > 0 ? listen : [`${OWN}:9000`]);
  return { scope, netns, watch, server, budgets: await shared };
}

/** Opens connections until no port is found; gives how many it got. */
async function exhaust(scope: Scope, netns: Netns, to: string, flags: Flags = {}): Promise<number> {
  const all = { to, count: 70_000, 'stop-on-error': true, 'hold-max': 70_000, ...flags } as const;
  const done = await (await churnClient(scope, netns, all)).done();
  expect(done.errors).toEqual({ EADDRNOTAVAIL: 1 });
  return done.opened;
}

/** Of the case with a map: a listener, an idle bind(), and a bound connection to somewhere else. */
const NOT_HELD = new Map([40_100, 40_110, 40_120].map((port) => [port, 'blocked']));
const isReserved = (port: number) => port >= 40_010 && port <= 40_029;

function mapOf({ engine }: Watch, key = ''): PortMap {
  const map = finish((engine.source.ports as PortSource).map(key, Date.now()));
  if (!map) throw new Error(`no map of ${key}`);
  return map;
}

/** Local ports that ss lists toward a destination, with what it says of their timers. */
function listedPorts(netns: Netns, to: string): Map<number, { state: string; seconds: number }> {
  const lines = netns.exec('ss', '-Htano', 'dst', to).trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [state = '', , , local = ''] = line.trim().split(/\s+/);
      const [, seconds = '0'] = /timer:\(timewait,(\d+)sec/.exec(line) ?? [];
      const name = { ESTAB: 'established', 'TIME-WAIT': 'time-wait' }[state] ?? state;
      return [Number(local.split(':').at(-1)), { state: name, seconds: Number(seconds) }];
    }),
  );
}

/** Sockets with this remote end, by what the contract counts them as. */
function held(sockets: readonly DumpedSocket[], remote: string) {
  const own = sockets.filter((it) => it.remote === remote && it.state !== STATE.LISTEN);
  const timeWait = own.filter(({ mini }) => mini).length;
  const established = own.filter(({ state }) => state === STATE.ESTABLISHED).length;
  return { used: own.length, timeWait, established, other: own.length - timeWait - established };
}

together('a budget at rest', () => {
  it('counts the ports that the kernel’s sockets hold toward each destination, by state', async (test) => {
    const { scope, netns, watch, budgets } = await world(
      test,
      KEPT,
      ...[`${OWN}:9000`, `${OWN}:9001=first`, `${OWN}:9002=never`, '127.0.0.1:9000'],
    );
    const grown = counting(netns);
    const play = async (flags: Flags) => (await churnClient(scope, netns, { count: 50, ...flags })).done();
    await play({ to: `${OWN}:9000` });
    await play({ to: '127.0.0.1:9000', mapped: true });
    await play({ to: `${OWN}:9001`, close: 'server' });
    await play({ to: `${OWN}:9002`, close: 'linger2', linger2: 50 });
    await churnClient(scope, netns, { to: `${OWN}:9000`, count: 30, ...HELD });
    await churnClient(scope, netns, { to: `${OWN}:9001`, count: 20, ...HELD });
    rule(netns, '-p', 'tcp', '--dport', '9', '-j', 'DROP');
    await churnClient(scope, netns, { to: `${OWN}:9`, count: 1 });
    reaches(grown, 'TcpExt.TCPTimeouts', 1);
    reaches(grown, 'Tcp.ActiveOpens', 251);
    await audited(watch, [netns]);
    const [dumped] = await dump(dumper(scope), netns.path);
    const rows = budgets.all().filter((row) => row.netns === netns.inode);
    const shown = Object.fromEntries(
      rows.map((row) => [`${row.destination.address}:${row.destination.port}`, row]),
    );
    const destinations = [`${OWN}:9000`, `${OWN}:9002`, `${OWN}:9`, `${OWN}:9001`, '127.0.0.1:9000'];
    for (const remote of destinations) {
      const { used, timeWait, established, other } = shown[remote] ?? {};
      expect({ used, timeWait, established, other }, remote).toEqual(held(dumped?.sockets ?? [], remote));
    }
    expect(Object.keys(shown).sort()).toEqual(destinations.sort());
    expect(shown[`${OWN}:9000`]?.limit).toBe(28_232);
  });

  const ranges = [
    ['an even range', '40000 40199', {}, 200],
    [
      'a range with reserved ports',
      '40000 40199',
      { 'net.ipv4.ip_local_reserved_ports': '40010-40059' },
      150,
    ],
    ['a range of two', '40000 40001', {}, 2],
  ] as const;
  it.for(ranges)('of %s is full when connect() finds no port', async ([, range, reserved, limit], test) => {
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, [RANGE]: range, ...reserved });
    expect(await exhaust(scope, netns, `${OWN}:9000`)).toBe(limit);
    await audited(watch, [netns]);
    const full = { limit, used: limit, timeWait: limit, blocked: 0, free: 0, exhaustionSeconds: 0 };
    expect(budgets.toward(netns, `${OWN}:9000`)).toMatchObject({ ...full, reuse: 'never' });
  });

  it('of an odd range promises no port that connect() may miss', async (test) => {
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, [RANGE]: '40000 40200' });
    const opened = await exhaust(scope, netns, `${OWN}:9000`);
    expect([200, 201]).toContain(opened);
    await audited(watch, [netns]);
    const row = budgets.toward(netns, `${OWN}:9000`);
    expect(row).toMatchObject({ limit: 201, used: opened, free: 201 - opened, exhaustionSeconds: 0 });
  });

  it('knows the ports that bind() took from everybody: listeners, idle binds, bound connections and their TIME_WAIT', async (test) => {
    const { scope, netns, watch, budgets } = await world(
      test,
      { ...KEPT, [RANGE]: '40000 40199' },
      ...[`${OWN}:9000`, `${OWN}:9001`, '127.0.0.1:40100', '127.0.0.1:40101', '127.0.0.1:39999'],
    );
    const idle = ['40110', '40111', '39998'];
    await (await start(scope, ['python3', HOLD_PORTS, ...idle], { netns })).printed(/ready/);
    const bound = { to: `${OWN}:9001`, bind: `${OWN}:0`, count: 20 };
    await (await churnClient(scope, netns, bound)).done();
    await churnClient(scope, netns, { ...bound, count: 10, ...HELD });
    await (
      await churnClient(scope, netns, { to: `${OWN}:9001`, bind: `${OWN}:0`, 'bind-no-port': true, count: 7 })
    ).done();
    await (await churnClient(scope, netns, { to: `${OWN}:9000`, count: 1 })).done();
    quiet(netns, 20);
    await audited(watch, [netns]);
    /* bind() to one address may take a port that another address listens on, or holds: such a port counts once. */
    const taken = ['40100', '40101', '40110', '40111'].map((port) => `${OWN}:${port}`);
    const ends = ['time-wait', 'established'].flatMap((state) => sockets(netns, state));
    const twice = new Set(ends.map(({ local }) => local));
    const both = taken.filter((end) => twice.has(end)).length;
    const blocked = 34 - both;
    const before = budgets.toward(netns, `${OWN}:9000`) as BudgetRow;
    expect(before).toMatchObject({ limit: 200, used: 1, blocked, free: 199 - blocked });
    expect(budgets.toward(netns, `${OWN}:9001`)).toMatchObject({
      used: 37,
      blocked: 4 - both,
      free: 159 + both,
    });
    expect(watch.totals(netns)).toMatchObject({ blockedPorts: blocked, portRange: [40_000, 40_199] });
    expect(await exhaust(scope, netns, `${OWN}:9000`)).toBe(199 - blocked);
  });

  it('of bind() is one of its own: what any connection holds from an address is lost to it, toward everywhere', async (test) => {
    const ends = [`${OWN}:9000`, `${OWN}:9001`, `${OWN}:40101`];
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, [RANGE]: '40000 40199' }, ...ends);
    const bound = { bind: `${OWN}:0` };
    await (await churnClient(scope, netns, { to: `${OWN}:9000`, count: 30 })).done();
    await (await churnClient(scope, netns, { ...bound, to: `${OWN}:9000`, count: 20 })).done();
    const holder = await churnClient(scope, netns, { ...bound, to: `${OWN}:9001`, count: 25, ...HELD });
    quiet(netns, 50);
    await audited(watch, [netns]);
    const pool = () => budgets.pools(netns, OWN);
    const want = { limit: 200, used: 75, timeWait: 50, established: 25, blocked: 1, free: 124 };
    expect(pool()).toMatchObject([
      { ...want, kind: 'bind-pool', destination: { address: null, port: null } },
    ]);
    expect(pool()[0]?.holders.map(({ ports }) => ports)).toEqual([30, 25, 20]);
    expect(pool()[0]?.holders[1]?.process.pid).toBe(holder.pid);
    const all = {
      ...bound,
      to: `${OWN}:9001`,
      count: 1000,
      'stop-on-error': true,
      'hold-max': 1000,
    } as const;
    const done = await (await churnClient(scope, netns, all)).done();
    expect(done).toMatchObject({ opened: 124, errors: { EADDRINUSE: 1 } });
    await audited(watch, [netns]);
    expect(pool()).toMatchObject([{ used: 199, free: 0, exhaustionSeconds: 0 }]);
  });

  it('has a map on which every port is what ss says, with its owner and its timer', async (test) => {
    const to = `${OWN}:9000`;
    const settings = { ...KEPT, [RANGE]: '40000 40199', 'net.ipv4.ip_local_reserved_ports': '40010-40029' };
    const ends = [to, `${OWN}:9001`, '127.0.0.1:40100'];
    const { scope, netns, watch, budgets } = await world(test, settings, ...ends);
    await (await start(scope, ['python3', HOLD_PORTS, '40110'], { netns })).printed(/ready/);
    // Before the others: connect() might choose this port for one of them.
    await churnClient(scope, netns, { to: `${OWN}:9001`, bind: `${OWN}:40120`, count: 1, ...HELD });
    quiet(netns, 2);
    const closer = await churnClient(scope, netns, { to, count: 30, stay: true });
    await closer.done();
    const holder = await churnClient(scope, netns, { to, count: 20, ...HELD });
    quiet(netns, 42);
    await audited(watch, [netns]);
    const asked = performance.now();
    const map = mapOf(watch, budgets.toward(netns, to)?.key);
    const bytes = Buffer.from(map.cells, 'base64');
    const shown = Array.from({ length: 200 }, (_, at) => cellAt(bytes, at));
    const listed = listedPorts(netns, to);
    const apart = (performance.now() - asked) / 1000;
    expect([...listed.values()].map(({ state }) => state).sort()).toEqual([
      ...Array(20).fill('established'),
      ...Array(30).fill('time-wait'),
    ]);
    for (const [at, { owner, state, seconds }] of shown.entries()) {
      const port = 40_000 + at;
      const line = listed.get(port);
      expect(state, `${port}`).toBe(
        line?.state ?? NOT_HELD.get(port) ?? (isReserved(port) ? 'reserved' : 'free'),
      );
      if (line === undefined) continue;
      expect(map.owners[owner ?? -1]?.process.pid, `${port}`).toBe(
        line.state === 'established' ? holder.pid : closer.pid,
      );
      expect(Math.abs(seconds - line.seconds), `${port}`).toBeLessThanOrEqual(2 + apart);
    }
  });

  it('of a range that was narrowed is out when that range is, not when as many ports are held', async (test) => {
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, [RANGE]: '40000 41999' });
    const to = `${OWN}:9000`;
    await churnClient(scope, netns, { to, count: 400, ...HELD });
    await watch.until(() => budgets.toward(netns, to)?.used === 400, '400 held ports');
    netns.sysctl({ [RANGE]: '40000 40299' });
    const row = await watch.until(() => {
      const shown = budgets.toward(netns, to);
      return shown?.limit === 300 && shown;
    }, 'the narrowed range');
    const inside = sockets(netns, 'established').filter(
      ({ local, remote }) => remote === to && Number(local.split(':').at(-1)) < 40_300,
    ).length;
    expect(inside).toBeLessThan(300);
    expect(row).toMatchObject({ used: 400, free: 300 - inside });
    expect(isOut(row)).toBe(false);
    expect(await exhaust(scope, netns, to)).toBe(300 - inside);
    await audited(watch, [netns]);
    expect(budgets.toward(netns, to)).toMatchObject({ limit: 300, free: 0, exhaustionSeconds: 0 });
  });

  it('sees a changed setting within seconds', async (test) => {
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, [RANGE]: '40000 40199' });
    await (await churnClient(scope, netns, { to: `${OWN}:9000`, count: 10 })).done();
    await watch.until(() => budgets.toward(netns, `${OWN}:9000`)?.limit === 200, 'the range');
    netns.sysctl({ [RANGE]: '40000 40299', 'net.ipv4.ip_local_reserved_ports': '40000-40049' });
    netns.sysctl({ 'net.ipv4.tcp_tw_reuse': 1 });
    await watch.until(() => budgets.toward(netns, `${OWN}:9000`)?.limit === 250, 'the new range', 8000);
    expect(budgets.toward(netns, `${OWN}:9000`)).toMatchObject({
      reuse: 'after-delay',
      exhaustionSeconds: null,
    });
    expect(watch.totals(netns)).toMatchObject({ reservedPorts: 50, tcpTwReuse: 1 });
  });
});

together('tcp_max_tw_buckets', () => {
  it('leaves the kernel’s number of entries, all owned, and the number of those it skipped', async (test) => {
    const { scope, netns, watch } = await world(test, { ...KEPT, 'net.ipv4.tcp_max_tw_buckets': 300 });
    const grown = counting(netns);
    const log = join(scope.directory(), 'log');
    await (await churnClient(scope, netns, { to: `${OWN}:9000`, count: 1000, log })).done();
    quiet(netns);
    await audited(watch, [netns]);
    const truth = new Truth();
    truth.add(readLog(log));
    const { entries, faults } = await compare(watch, dumper(scope), netns, truth);
    expect(faults).toEqual([]);
    expect(entries + grown('TcpExt.TCPTimeWaitOverflow')).toBe(1000);
    expect(watch.totals(netns)).toMatchObject({
      ...{ timeWait: entries, timeWaitAttributed: entries, coverage: 1 },
      timeWaitOverflow: grown('TcpExt.TCPTimeWaitOverflow'),
    });
  });
});

/** Of a hundred ports, each of which comes back after a second; an emulated machine stalls, and catches up. */
const RATE = PATIENCE === 1 ? 70 : 35;

together('tcp_tw_reuse', () => {
  const cases = [
    [0, OWN, false],
    [1, OWN, true],
    [2, OWN, false],
    [2, '127.0.0.1', true],
  ] as const;
  it.for(cases)(
    '%i toward %s: ports come back after the delay: %s',
    async ([reuse, address, comesBack], test) => {
      const to = `${address}:9000`;
      const sysctls = { ...KEPT, 'net.ipv4.tcp_tw_reuse': reuse, [RANGE]: '40000 40099' };
      const { scope, netns, watch, budgets } = await world(test, sysctls, to);
      const log = join(scope.directory(), 'log');
      const grown = counting(netns);
      const client = await churnClient(scope, netns, { to, count: 250, rate: RATE, log });
      const { opened } = await client.done();
      expect(opened).toBe(comesBack ? 250 : 100);
      quiet(netns);
      await audited(watch, [netns]);
      const truth = new Truth();
      truth.add(readLog(log));
      const { entries, faults } = await compare(watch, dumper(scope), netns, truth);
      expect(faults).toEqual([]);
      expect(entries).toBe(opened - grown('TcpExt.TWRecycled'));
      expect(budgets.toward(netns, to)).toMatchObject({
        ...{ used: entries, timeWait: entries, free: 100 - entries },
        reuse: comesBack ? 'after-delay' : 'never',
        exhaustionSeconds: comesBack ? null : 0,
      });
    },
  );
});

together('entries that die early', () => {
  it('by ss -K are in no count after an audit', async (test) => {
    const { scope, netns, watch, budgets } = await world(test, KEPT);
    const log = join(scope.directory(), 'log');
    await (await churnClient(scope, netns, { to: `${OWN}:9000`, count: 200, log })).done();
    quiet(netns);
    await audited(watch, [netns]);
    expect(watch.totals(netns)?.timeWait).toBe(200);
    const [dumped] = await dump(dumper(scope), netns.path);
    const ports = (dumped?.sockets ?? []).filter(({ mini }) => mini).map(({ local }) => local.split(':')[1]);
    const half = ports.slice(0, 100).map((port) => `sport = :${port}`);
    netns.exec('ss', '-Ktan', 'state', 'time-wait', half.join(' or '));
    await audited(watch, [netns]);
    const truth = new Truth();
    truth.add(readLog(log));
    expect(await compare(watch, dumper(scope), netns, truth)).toMatchObject({ entries: 100, faults: [] });
    expect(watch.totals(netns)).toMatchObject({ timeWait: 100, timeWaitAttributed: 100 });
    expect(budgets.toward(netns, `${OWN}:9000`)).toMatchObject({ used: 100, timeWait: 100 });
  });

  it('by a RST that fits are in no count after an audit', async (test) => {
    const { scope, netns, watch, budgets } = await world(test, { ...KEPT, 'net.ipv4.tcp_rfc1337': 0 });
    const done = await run(['python3', ASSASSIN, OWN, '9000', '20', '8'], { netns });
    expect(done).toMatchObject({ code: 0 });
    await audited(watch, [netns]);
    const [dumped] = await dump(dumper(scope), netns.path);
    expect(held(dumped?.sockets ?? [], `${OWN}:9000`).timeWait).toBe(12);
    expect(watch.totals(netns)).toMatchObject({ timeWait: 12, timeWaitAttributed: 12 });
    expect(budgets.toward(netns, `${OWN}:9000`)).toMatchObject({ used: 12 });
  });

  it('by a new SYN, or by a connection that takes their port, give way to the new ones', async (test) => {
    const { scope, netns, watch, budgets } = await world(
      test,
      { ...KEPT, [RANGE]: '40000 40009' },
      `${OWN}:9000=first`,
    );
    const grown = counting(netns);
    for (let round = 0; round < 3; round++) {
      const flags = { to: `${OWN}:9000`, count: 10, close: 'server' };
      await (await churnClient(scope, netns, flags)).done();
      quiet(netns);
    }
    await audited(watch, [netns]);
    const [dumped] = await dump(dumper(scope), netns.path);
    const entries = (dumped?.sockets ?? []).filter(({ mini }) => mini).length;
    expect(entries).toBeLessThanOrEqual(10);
    expect(grown('TcpExt.TW')).toBe(30);
    expect(watch.totals(netns)).toMatchObject({ timeWait: entries, timeWaitAttributed: entries, opened: 60 });
    expect(budgets.toward(netns, `${OWN}:9000`)).toBeUndefined();
  });
});

describe('under churn', () => {
  it.concurrent('a budget is never further from the kernel’s count than what opens while it is looked at', async (test) => {
    const rate = 2000;
    const { scope, netns, watch, budgets } = await world(test, KEPT);
    const client = await churnClient(scope, netns, { to: `${OWN}:9000`, count: 8 * rate, rate });
    await watch.until(() => budgets.toward(netns, `${OWN}:9000`)?.used, 'the first ports');
    const judge = dumper(scope);
    const diffs: { off: number; allowed: number }[] = [];
    while (client.process.running && diffs.length < 12) {
      const began = performance.now();
      const [dumped] = await dump(judge, netns.path);
      const row = budgets.toward(netns, `${OWN}:9000`);
      const seconds = (performance.now() - began) / 1000;
      const off = (row?.used ?? 0) - held(dumped?.sockets ?? [], `${OWN}:9000`).used;
      diffs.push({ off, allowed: rate * (1 + seconds) });
      await watch.until(() => performance.now() - began > 400, 'the next look');
    }
    expect(diffs.length).toBeGreaterThan(5);
    for (const { off, allowed } of diffs) expect(Math.abs(off)).toBeLessThanOrEqual(allowed);
  });

  it.concurrent('a namespace that is deleted is gone from totals and budgets within seconds, and its wire too', async (test) => {
    const [scope, watch] = [testScope(test), await engine];
    const [near, far] = wire(scope);
    const budgets = await shared;
    await churnServer(scope, far, ['10.77.0.2:9000']);
    await churnClient(scope, near, { to: '10.77.0.2:9000', count: 0, rate: 1000 });
    await watch.until(() => (budgets.toward(near, '10.77.0.2:9000')?.used ?? 0) > 1000, 'churn');
    await audited(watch, [near, far]);
    near.end();
    const links = () =>
      far
        .exec('ip', '-o', 'link')
        .split('\n')
        .filter((line) => line.includes('@'));
    await watch.until(() => links().length === 0, 'the veth to go', 10_000);
    /* At most ten seconds until namespaces are listed anew, and ten more until the next audit: the last one was just now. */
    await watch.until(() => namespaceOf(watch.engine, near) === undefined, 'the namespace to go', 25_000);
    const keys = watch.engine.source.tables.totals?.collect(Date.now()).set.map(({ netns }) => netns);
    expect(keys).not.toContain(near.inode);
    expect(keys).toContain(far.inode);
    expect(budgets.all().filter((row) => row.netns === near.inode)).toEqual([]);
    const rows = watch.flows().filter((row) => row.netns === near.inode);
    expect(rows.map(({ timeWait, established, portsHeld }) => [timeWait, established, portsHeld])).toEqual(
      rows.map(() => [0, 0, 0]),
    );
  });
});
