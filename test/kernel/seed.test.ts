/**
 * What was there before the tracer: connections that a process holds are its own, in every namespace and state, and their
 * TIME_WAIT entries too when they close later; what nobody holds is nobody's, and said to be.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Flags, type Generator, readLog } from '../support/churngen.js';
import { counting, quiet, reaches } from '../support/counters.js';
import { rule } from '../support/firewall.js';
import { KEPT, Netns } from '../support/netns.js';
import { type Scope, testScope } from '../support/scope.js';
import { dumper } from '../support/socket-dump.js';
import { audited, compare, Truth } from '../support/truth.js';
import { wire } from '../support/truth-cast.js';
import { Watch } from '../support/watch.js';

const EACH = 60;
/** Long enough for the tracer to start: they close when they are told to end. */
const HELD = { count: EACH, 'hold-ms': 600_000 } as const;
const QUIET = { interest: { all: false, pids: [] } };

interface Holder {
  client: Generator;
  log: string;
}

/** A client that holds its connections. */
async function holds(scope: Scope, netns: Netns, flags: Flags): Promise<Holder> {
  const log = join(scope.directory(), 'log');
  return { client: await churnClient(scope, netns, { ...HELD, log, ...flags }), log };
}

async function served(scope: Scope, netns: Netns, ...listen: string[]): Promise<Holder> {
  const log = join(scope.directory(), 'log');
  return { client: await churnServer(scope, netns, listen, { log }), log };
}

const rowsOf = (rows: readonly FlowRow[], pid: number) => rows.filter(({ process }) => process.pid === pid);
const sum = (rows: readonly FlowRow[], field: 'preexisting' | 'established' | 'timeWait') =>
  rows.reduce((total, row) => total + (row[field] ?? 0), 0);

/** Ends the clients, then the servers, and reads what all of them logged. */
async function end(spaces: readonly Netns[], clients: Holder[], servers: Holder[]): Promise<Truth> {
  for (const { client } of clients) await client.stop();
  for (const netns of spaces) quiet(netns);
  for (const { client } of servers) await client.stop();
  const truth = new Truth();
  for (const { log } of [...clients, ...servers]) truth.add(readLog(log));
  return truth;
}

describe('connections that were open before the start', () => {
  it('are owned at both ends, in every namespace and family, and so are their TIME_WAIT entries', async () => {
    const scope = testScope();
    const lo = Netns.create(scope, KEPT);
    const [near, far] = wire(scope);
    const servers = [
      await served(scope, lo, '0.0.0.0:9000', '[::1]:9000'),
      await served(scope, far, '0.0.0.0:9000', '[fd77::2]:9000'),
    ];
    const clients = [
      await holds(scope, lo, { to: '127.0.0.1:9000' }),
      await holds(scope, lo, { to: '127.0.0.1:9000', mapped: true }),
      await holds(scope, lo, { to: '[::1]:9000', threads: 3 }),
      await holds(scope, lo, { to: '127.0.0.1:9000', bind: '127.0.0.1:0' }),
      await holds(scope, near, { to: '10.77.0.2:9000', call: 'uring' }),
      await holds(scope, near, { to: '[fd77::2]:9000', close: 'shutdown-close' }),
    ];
    for (const [netns, ends] of [
      [lo, 8],
      [near, 2],
      [far, 2],
    ] as const)
      quiet(netns, ends * EACH);
    const watch = await Watch.start(scope, [lo, near, far], QUIET);

    const rows = watch.flows();
    for (const { client } of clients) {
      const own = rowsOf(rows, client.pid);
      expect(own).toMatchObject([
        { direction: 'out', established: EACH, preexisting: EACH, portsHeld: EACH },
      ]);
      expect(own[0]?.process).toMatchObject({ comm: 'churngen', exe: expect.stringMatching(/\/churngen$/) });
    }
    expect(sum(rowsOf(rows, servers[0]?.client.pid as number), 'established')).toBe(4 * EACH);
    expect(sum(rowsOf(rows, servers[1]?.client.pid as number), 'established')).toBe(2 * EACH);

    const truth = await end([lo, near, far], clients, servers);
    await audited(watch, [lo, near, far]);
    let kept = 0;
    for (const netns of [lo, near, far]) {
      const { faults, entries } = await compare(watch, dumper(scope), netns, truth);
      expect(faults.slice(0, 10)).toEqual([]);
      kept += entries;
      expect(watch.totals(netns)).toMatchObject({
        timeWait: entries,
        timeWaitAttributed: entries,
        opened: 0,
      });
    }
    expect(sum(watch.flows(), 'timeWait')).toBe(kept);
    expect(kept).toBeGreaterThan(5 * EACH); // a late reset may take some away
  });

  it('are the server’s when it closes first', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    const server = await served(scope, netns, '127.0.0.1:9000');
    const client = await holds(scope, netns, { to: '127.0.0.1:9000', close: 'server' });
    quiet(netns, 2 * EACH);
    const watch = await Watch.start(scope, [netns], QUIET);
    await server.client.stop();
    await client.client.stop();
    quiet(netns);
    await audited(watch, [netns]);
    expect(rowsOf(watch.flows(), server.client.pid)).toMatchObject([
      { direction: 'in', destination: { address: '127.0.0.1', port: 9000 }, timeWait: EACH, opened: 0 },
    ]);
    expect(watch.totals(netns)).toMatchObject({ timeWait: EACH, coverage: 1 });
  });

  it('and waited for an answer then are their opener’s, outbound, when it comes', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const answer = rule(netns, '-p', 'tcp', '--sport', '9000', '-j', 'DROP');
    const grown = counting(netns);
    const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 1 });
    reaches(grown, 'Tcp.ActiveOpens', 1);
    const watch = await Watch.start(scope, [netns]);
    expect(rowsOf(watch.flows(), client.pid)).toMatchObject([{ direction: 'out', portsHeld: 1 }]);
    answer();
    await client.done();
    const event = await watch.until(
      () => watch.events.find(({ type, local }) => type === 'closed' && local.port !== 9000),
      'the close of the client',
    );
    expect(event).toMatchObject({ direction: 'out', process: { pid: client.pid } });
    await audited(watch, [netns]);
    expect(rowsOf(watch.flows(), client.pid)).toMatchObject([
      { direction: 'out', destination: { port: 9000 }, timeWait: 1, portsHeld: 1 },
    ]);
  });

  it('but in no process’s hands are nobody’s, until somebody accepts them', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    const server = await served(scope, netns, '127.0.0.1:9000=first');
    server.client.process.signal('SIGSTOP');
    const client = await holds(scope, netns, { to: '127.0.0.1:9000', close: 'server' });
    quiet(netns, 2 * EACH);
    const watch = await Watch.start(scope, [netns], QUIET);
    expect(sum(rowsOf(watch.flows(), client.client.pid), 'established')).toBe(EACH);
    server.client.process.signal('SIGCONT');
    const truth = await end([netns], [client], [server]);
    await audited(watch, [netns]);
    const { faults, entries } = await compare(watch, dumper(scope), netns, truth);
    expect(faults.slice(0, 10)).toEqual([]);
    expect(entries).toBe(EACH);
    expect(watch.totals(netns)).toMatchObject({ timeWait: EACH, coverage: 1 });
  });
});

describe('TIME_WAIT entries that were there before the start', () => {
  it('are counted, belong to nobody, and lower the coverage until they are gone', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: EACH, close: 'linger2' });
    await client.done();
    quiet(netns);
    const watch = await Watch.start(scope, [netns], QUIET);
    const later = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: EACH });
    await later.done();
    quiet(netns);
    await audited(watch, [netns]);
    expect(watch.totals(netns)).toMatchObject({
      timeWait: 2 * EACH,
      timeWaitAttributed: EACH,
      coverage: 0.5,
      opened: 2 * EACH,
    });
    expect(rowsOf(watch.flows(), later.pid)).toMatchObject([{ timeWait: EACH, opened: EACH }]);
    const unknown = watch.flows().filter((row) => row.netns === netns.inode && row.process.pid === null);
    expect(unknown).toMatchObject([{ timeWait: EACH, opened: 0, process: { comm: null, exe: null } }]);
  });
});
