/** What the kernel is told to send: filters by process, port and namespace; traced processes; MPTCP once; nothing twice. */
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { must, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const V4 = '127.0.0.1:9000';
const COUNT = 20;

/** A client that waits for its gate, so that its pid can be asked for before its first connection. */
const gated = (scope: Scope, netns: Netns, to = V4) =>
  churnClient(scope, netns, { to, count: COUNT, gate: true, stay: true });

const types = (events: readonly ConnectionEvent[]) => new Set(events.map(({ type }) => type));
const pids = (events: readonly ConnectionEvent[]) => new Set(events.map(({ process }) => process.pid));
const count = (watch: Watch, type: ConnectionEvent['type']) =>
  watch.events.filter((event) => event.type === type).length;

describe('the kernel’s filters', () => {
  it('pass only a process’s connections, those it opened and those it accepted', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const [wanted, other] = [await gated(scope, netns), await gated(scope, netns)];
    const server = await churnServer(scope, netns, [V4]);
    const watch = await Watch.start(scope, [netns], { filter: { tgids: [wanted.pid] } });
    for (const client of [other, wanted]) {
      client.go();
      await client.done();
    }
    await watch.until(() => count(watch, 'closed') >= COUNT, 'its closes');
    expect(pids(watch.events)).toEqual(new Set([wanted.pid]));
    const accepting = await Watch.start(scope, [netns], { filter: { tgids: [server.pid] } });
    await (await churnClient(scope, netns, { to: V4, count: COUNT })).done();
    await accepting.until(() => count(accepting, 'closed') >= COUNT, 'the server’s closes');
    expect(pids(accepting.events)).toEqual(new Set([server.pid]));
    expect(types(accepting.events)).toEqual(new Set(['accepted', 'closed']));
    expect(count(watch, 'closed')).toBe(COUNT);
  });

  it('pass only a port, at either end', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await churnServer(scope, netns, [V4, '127.0.0.1:9001']);
    const watch = await Watch.start(scope, [netns], { filter: { ports: [9001] } });
    for (const to of [V4, '127.0.0.1:9001'])
      await (await churnClient(scope, netns, { to, count: COUNT })).done();
    await watch.until(() => count(watch, 'closed') >= 2 * COUNT, 'both ends of port 9001');
    const ports = watch.events.map(
      ({ direction, local, remote }) => (direction === 'in' ? local : remote).port,
    );
    expect(new Set(ports)).toEqual(new Set([9001]));
  });

  it('pass only a namespace', async () => {
    const scope = testScope();
    const [wanted, other] = [Netns.create(scope), Netns.create(scope)];
    const watch = await Watch.start(scope, [wanted]);
    for (const netns of [other, wanted]) {
      await churnServer(scope, netns, [V4]);
      await (await churnClient(scope, netns, { to: V4, count: COUNT })).done();
    }
    await watch.until(() => count(watch, 'closed') >= 2 * COUNT, 'both ends');
    expect(new Set(watch.events.map(({ netns }) => netns))).toEqual(new Set([wanted.inode]));
  });
});

describe('a traced process', () => {
  it('that connects shows each attempt and every transition, and nobody else’s', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await churnServer(scope, netns, [V4]);
    const [traced, other] = [await gated(scope, netns), await gated(scope, netns)];
    const watch = await Watch.start(scope, [netns], { interest: { all: false, pids: [traced.pid] } });
    for (const client of [other, traced]) {
      client.go();
      await client.done();
    }
    await watch.until(() => count(watch, 'closed') >= COUNT, 'its closes');
    expect(pids(watch.events)).toEqual(new Set([traced.pid]));
    expect(types(watch.events)).toEqual(new Set(['connect', 'established', 'transition', 'closed']));
    expect([count(watch, 'connect'), count(watch, 'established'), count(watch, 'closed')]).toEqual([
      COUNT,
      COUNT,
      COUNT,
    ]);
    const [first] = watch.events;
    const life = watch.events.filter(({ cookie, type }) => cookie === first?.cookie && type === 'transition');
    expect(life.map(({ oldState, newState }) => `${oldState} ${newState}`)).toEqual([
      'close syn-sent',
      'syn-sent established',
      'established fin-wait-1',
      'fin-wait-1 fin-wait-2',
      'fin-wait-2 close',
    ]);
  });

  it('that accepts shows each accept and what follows', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const [server, other] = [
      await churnServer(scope, netns, [V4]),
      await churnServer(scope, netns, ['127.0.0.1:9001']),
    ];
    const watch = await Watch.start(scope, [netns], { interest: { all: false, pids: [server.pid] } });
    await (await churnClient(scope, netns, { to: [V4, '127.0.0.1:9001'], count: 2 * COUNT })).done();
    await watch.until(() => count(watch, 'closed') >= COUNT, 'its closes');
    expect(pids(watch.events)).toEqual(new Set([server.pid]));
    expect([count(watch, 'accepted'), count(watch, 'closed')]).toEqual([COUNT, COUNT]);
    const states = watch.events.filter(({ type }) => type === 'transition').map(({ newState }) => newState);
    for (const state of ['close-wait', 'last-ack', 'close'])
      expect(states.filter((it) => it === state)).toHaveLength(COUNT);
    await other.stop();
  });

  it('costs the others nothing: no event of theirs is even built', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await churnServer(scope, netns, [V4]);
    const idle = await gated(scope, netns);
    const watch = await Watch.start(scope, [netns], { interest: { all: false, pids: [idle.pid] } });
    await (await churnClient(scope, netns, { to: V4, count: 500 })).done();
    await watch.until(() => watch.totals(netns)?.closed === 1000, 'the closes of the others in the totals');
    expect(watch.events).toEqual([]);
  });

  it('is followed from when it is asked for, and no longer than that', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const server = await churnServer(scope, netns, [V4]);
    const watch = await Watch.start(scope, [netns], { interest: { all: false, pids: [server.pid] } });
    await (await churnClient(scope, netns, { to: V4, count: COUNT })).done();
    await watch.until(() => count(watch, 'closed') >= COUNT, 'its closes');
    const before = watch.events.length;
    watch.listen({ all: false, pids: [] });
    await (await churnClient(scope, netns, { to: V4, count: COUNT })).done();
    await watch.until(() => watch.totals(netns)?.closed === 4 * COUNT, 'the later closes in the totals');
    expect(watch.events).toHaveLength(before);
  });
});

describe('without system call tracepoints', () => {
  it('inbound connections are counted all the same, for the listener’s process', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const watch = await Watch.start(scope, [netns], { syscalls: false });
    const server = await churnServer(scope, netns, [V4]);
    await (await churnClient(scope, netns, { to: V4, count: COUNT })).done();
    await watch.until(() => count(watch, 'closed') >= 2 * COUNT, 'both ends');
    expect(count(watch, 'accepted')).toBe(0);
    const inbound = watch.flows().filter(({ direction }) => direction === 'in');
    expect(inbound).toMatchObject([{ opened: COUNT, closed: COUNT, process: { pid: server.pid } }]);
  });
});

const MPTCP = `import socket, sys
IPPROTO_MPTCP = 262
server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
server.bind(("127.0.0.1", 9000)); server.listen()
for _ in range(5):
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    client.connect(("127.0.0.1", 9000))
    accepted, _ = server.accept()
    client.send(b"hello"); accepted.recv(5)
    client.close(); accepted.recv(1); accepted.close()
print("done", flush=True)
sys.stdin.read()`;

describe('MPTCP', () => {
  it('is counted once per connection, by its subflow', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, { 'net.mptcp.enabled': 1 });
    const watch = await Watch.start(scope, [netns]);
    const program = await start(scope, ['python3', '-c', MPTCP], { netns });
    await program.printed(/done/);
    await watch.until(() => count(watch, 'closed') >= 10, 'both ends of five subflows');
    const rows = watch.flows().filter(({ process }) => process.pid === program.pid);
    expect(rows.map(({ direction, opened, closed }) => [direction, opened, closed]).sort()).toEqual([
      ['in', 5, 5],
      ['out', 5, 5],
    ]);
    expect(count(watch, 'established')).toBe(5);
    expect(count(watch, 'failed')).toBe(0);
  });
});

describe('a socket that is no TCP socket', () => {
  it('is not seen: UDP connect(), a unix accept()', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const watch = await Watch.start(scope, [netns]);
    await churnServer(scope, netns, [V4]);
    const code = `import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); udp.connect(("127.0.0.1", 9000))
listener = socket.socket(socket.AF_UNIX); listener.bind("\\0portchurn-test-%d" % id(udp)); listener.listen()
client = socket.socket(socket.AF_UNIX); client.connect(listener.getsockname()); listener.accept()
socket.create_connection(("127.0.0.1", 9000))`;
    await must(['python3', '-c', code], { netns });
    await watch.until(() => count(watch, 'closed') >= 2, 'both ends of the only TCP connection');
    expect([count(watch, 'established'), count(watch, 'accepted'), count(watch, 'failed')]).toEqual([
      1, 1, 0,
    ]);
  });
});
