/**
 * The dumper in network namespaces: every state against ss(8), tens of thousands of entries, many namespaces, and nothing
 * of a namespace left behind.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { DUMP_TEXT_PIECE } from '../../src/decode/dump-layout.js';
import { parseSysctls } from '../../src/system/parse/sysctl.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { counting, lists, reaches, settled } from '../support/counters.js';
import { rule } from '../support/firewall.js';
import { KEPT, link, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import {
  Collector,
  type Dumped,
  type DumpedSocket,
  dump,
  dumper,
  OWN,
  STATE,
  targets,
} from '../support/socket-dump.js';

const [ENOENT, EINVAL, ENOBUFS] = [2, 22, 105];
const [ENTRIES, LISTENERS] = [28_000, 8];
/** ss names states in its own way. It asks for no merely bound sockets. */
const SS_STATES: Record<string, number> = {
  ESTAB: STATE.ESTABLISHED,
  'SYN-SENT': STATE.SYN_SENT,
  'SYN-RECV': STATE.SYN_RECV,
  'FIN-WAIT-2': STATE.FIN_WAIT2,
  'TIME-WAIT': STATE.TIME_WAIT,
  'CLOSE-WAIT': STATE.CLOSE_WAIT,
  LISTEN: STATE.LISTEN,
};

const line = (state: number | undefined, local: string, remote: string) => `${state} ${local} ${remote}`;
const lineOf = ({ state, local, remote }: DumpedSocket) => line(state, any(local), any(remote));
/** One word for every wildcard: ss shows that of an IPv6 socket that takes IPv4 too as "*". */
const any = (end: string) =>
  end
    .replace(/^(0\.0\.0\.0|\[::\]|::):/, '*:')
    .replace(/:0$/, ':*')
    .replace(/^\[::ffff:([\d.]+)\]/, '$1')
    .replace(/^\[(.*)\]/, '$1');

/** All TCP sockets as ss shows them, "state local remote", sorted. */
function bySs(netns: Netns): string[] {
  const lines = netns.exec('ss', '-Htan').split('\n').filter(Boolean);
  const parsed = lines.map((text) => {
    const [state = '', , , local = '', remote = ''] = text.trim().split(/\s+/);
    return line(SS_STATES[state], any(local), any(remote));
  });
  return parsed.sort();
}

const one = async (scope: Scope, netns: Netns) => (await dump(dumper(scope), netns.path))[0] as Dumped;
const count = (it: Dumped, state: number) => it.sockets.filter((socket) => socket.state === state).length;
const namespaceFds = () =>
  readdirSync('/proc/self/fd').filter(
    (fd) => linkOf(fd).startsWith('net:') || linkOf(fd).endsWith('/ns/net'),
  );

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // the directory's own descriptor
  }
}

describe('an audit of a namespace', () => {
  it('shows IPv4, IPv6 and v4-mapped connections in every state, each once, as ss does', async () => {
    const scope = testScope();
    const netns = Netns.create(scope, KEPT);
    await churnServer(scope, netns, ['127.0.0.1:9000', '[::]:9001', '127.0.0.1:9002=never']);
    const grown = counting(netns);
    for (const flags of [
      { to: '127.0.0.1:9000' },
      { to: '[::1]:9001' },
      { to: '127.0.0.1:9001', mapped: true },
    ]) {
      await (await churnClient(scope, netns, { ...flags, count: 30 } as never)).done();
    }
    await (await churnClient(scope, netns, { to: '127.0.0.1:9002', count: 7 })).done();
    await churnClient(scope, netns, { to: '[::1]:9001', count: 5, 'hold-ms': 60_000 });
    lists(netns, 'time-wait', 90);
    lists(netns, 'fin-wait-2', 7);
    reaches(grown, 'Tcp.ActiveOpens', 102);
    const it = await one(scope, netns);
    expect(it).toMatchObject({ error: 0, inum: netns.inode, count: it.sockets.length });
    expect(it.sockets.map(lineOf).sort()).toEqual(bySs(netns));
    expect(new Set(it.sockets.map(({ cookie }) => cookie)).size).toBe(it.sockets.length);
    const minis = it.sockets.filter(({ mini }) => mini);
    expect([minis.length, count(it, STATE.TIME_WAIT), count(it, STATE.FIN_WAIT2)]).toEqual([97, 90, 7]);
    expect(minis.every(({ inode, expiresMs }) => inode === 0 && expiresMs > 0 && expiresMs <= 60_000)).toBe(
      true,
    );
    expect(it.texts.sockstat).toMatch(/ tw 97 /);
  });

  it('tells a waiting SYN from a socket, and shows its sender', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    rule(netns, '-p', 'tcp', '--sport', '9000', '--tcp-flags', 'SYN,ACK', 'SYN,ACK', '-j', 'DROP');
    const grown = counting(netns);
    await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 1, call: 'nonblock' });
    reaches(grown, 'Tcp.ActiveOpens', 1);
    const { sockets } = await one(scope, netns);
    const [sent, received] = [STATE.SYN_SENT, STATE.SYN_RECV].map((state) =>
      sockets.filter((it) => it.state === state),
    );
    expect(sent).toMatchObject([{ request: false, remote: '127.0.0.1:9000' }]);
    expect(received).toMatchObject([{ request: true, local: '127.0.0.1:9000', remote: sent?.[0]?.local }]);
  });

  it('shows sockets that are only bound', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const code = [
      'import socket, sys',
      'a = socket.socket(); a.bind(("127.0.0.1", 40005))',
      'b = socket.socket(socket.AF_INET6); b.bind(("::", 40006))',
      'print("ready", flush=True); sys.stdin.read()',
    ].join('\n');
    await (await start(scope, ['python3', '-c', code], { netns })).printed(/ready/);
    const { sockets } = await one(scope, netns);
    expect(sockets.map(lineOf).sort()).toEqual(
      [
        line(STATE.BOUND_INACTIVE, '127.0.0.1:40005', '*:*'),
        line(STATE.BOUND_INACTIVE, '*:40006', '*:*'),
      ].sort(),
    );
    expect(sockets.every(({ inode }) => inode > 0)).toBe(true);
  });

  it('carries a long list of reserved ports whole', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const ports = Array.from({ length: 10_000 }, (_, i) => 20_001 + 2 * i);
    const [file, ...args] = netns.words('tee', '/proc/sys/net/ipv4/ip_local_reserved_ports') as [
      string,
      ...string[],
    ];
    execFileSync(file, args, { input: `${ports.join(',')}\n` });
    // The kernel reads what is written page by page, and cuts numbers in two there: its own answer counts.
    const written = netns.exec('cat', '/proc/sys/net/ipv4/ip_local_reserved_ports');
    expect(written.length).toBeGreaterThan(3 * DUMP_TEXT_PIECE);
    const { texts } = await one(scope, netns);
    expect(texts.ip_local_reserved_ports).toBe(written);
    expect(parseSysctls(texts).usablePorts).toBe(
      parseSysctls({ ...texts, ip_local_reserved_ports: written }).usablePorts,
    );
  });
});

/** A namespace with this many TIME_WAIT entries, toward several ports: a full range makes each connect slow. */
async function waiting(scope: Scope, connections: number): Promise<{ netns: Netns; entries: number }> {
  const netns = Netns.create(scope, KEPT);
  const ports = Array.from({ length: LISTENERS }, (_, i) => `127.0.0.1:${9000 + i}`);
  await churnServer(scope, netns, ports);
  const grown = counting(netns);
  await (await churnClient(scope, netns, { to: ports, count: connections })).done();
  reaches(grown, 'TcpExt.TW', connections);
  settled(netns);
  /* Where both ends close at once, both have an entry. */
  return { netns, entries: grown('TcpExt.TW') };
}

/** Takes 2 us for a socket, several times what a join takes, and counts how many come in one turn of the event loop. */
class Working extends Collector {
  static readonly MS = 0.002;
  entries = 0;
  perTurn = 0;
  private thisTurn = 0;

  override socket(): void {
    const until = performance.now() + Working.MS;
    while (performance.now() < until);
    this.entries += 1;
    this.thisTurn += 1;
    this.perTurn = Math.max(this.perTurn, this.thisTurn);
  }

  /** Until the work is done. */
  async countTurns(work: Promise<void>): Promise<void> {
    let running = true;
    void work.finally(() => {
      running = false;
    });
    for (; running; this.thisTurn = 0) await new Promise(setImmediate);
  }
}

describe('28,000 TIME_WAIT entries', () => {
  const scope = fileScope();
  let netns: Netns;
  let entries: number;
  beforeAll(async () => {
    ({ netns, entries } = await waiting(scope, ENTRIES));
  });

  it('are all shown, without holding the event loop', async () => {
    const it = dumper(testScope());
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const sink = new Working();
      await sink.countTurns(it.dump(targets(netns.path), sink));
      const [{ startedNs, endedNs, count, error }] = sink.namespaces as [Dumped];
      times.push((endedNs - startedNs) / 1e6);
      expect([error, count, sink.entries]).toEqual([0, entries + LISTENERS, entries + LISTENERS]);
      // Not measured by the clock, which others on this machine hold up too.
      expect(sink.perTurn * Working.MS).toBeLessThan(5);
    }
    console.log(`dump of ${ENTRIES} TIME_WAIT entries: ${times.map((ms) => ms.toFixed(1)).join(' ')} ms`);
  });

  it('that nobody takes end with ENOBUFS, within the bound, without waiting twice; the next audit is whole', async () => {
    const limits = { queueBytes: 512 * 1024, patienceMs: 50 };
    const blocking = new Blocking(1000);
    const it = dumper(testScope(), limits);
    await it.dump(targets(netns.path, OWN), blocking);
    const [short, own] = blocking.namespaces as [Dumped, Dumped];
    expect([short.error, own.error]).toEqual([ENOBUFS, ENOBUFS]);
    expect(own.endedNs - own.startedNs).toBeLessThan(limits.patienceMs * 1e6);
    expect(await dump(it, OWN)).toMatchObject([{ error: 0 }]);
    expect(short.count).toBe(short.sockets.length);
    // What had been taken when the reader stopped, the queue, and the chunk that found no room: not everything.
    expect(short.count * 64).toBeGreaterThan(limits.queueBytes);
    expect(short.count).toBeLessThan(entries);
  });

  it('wait for a reader who is only slow', async () => {
    const slow = new Blocking(200);
    await dumper(testScope(), { queueBytes: 512 * 1024 }).dump(targets(netns.path), slow);
    expect(slow.namespaces).toMatchObject([{ error: 0, count: entries + LISTENERS }]);
  });
});

/** Holds the event loop when it sees the first record, for this long. */
class Blocking extends Collector {
  private held = false;
  constructor(private readonly ms: number) {
    super();
  }
  override begin(...args: Parameters<Collector['begin']>): void {
    super.begin(...args);
    if (this.held) return;
    this.held = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.ms);
  }
}

describe('fifty namespaces', () => {
  it('are each audited from inside: inode, cookie, settings and sockets are its own', async () => {
    const scope = testScope();
    const all = Array.from({ length: 50 }, (_, i) =>
      Netns.create(scope, { 'net.ipv4.ip_local_port_range': `${20_000 + i} ${40_000 + i}` }),
    );
    await Promise.all([3, 30].map((i) => churnServer(scope, all[i] as Netns, [`127.0.0.1:${9000 + i}`])));
    const found = await dump(dumper(scope), ...all.map(({ path }) => path), OWN);
    const own = found.pop();
    expect(own?.inum).toBe(statSync(OWN).ino);
    expect(found.map(({ inum, error }) => [inum, error])).toEqual(all.map(({ inode }) => [inode, 0]));
    expect(new Set(found.map(({ cookie }) => cookie)).size).toBe(50);
    expect(found.map(({ texts }) => parseSysctls(texts).portRange?.[0])).toEqual(
      all.map((_, i) => 20_000 + i),
    );
    const sockets = found.flatMap((it) => it.sockets.map(({ local }) => [it.id, local]));
    expect(sockets).toEqual([
      [3, '127.0.0.1:9003'],
      [30, '127.0.0.1:9030'],
    ]);
  });
});

describe('what an audit leaves behind', () => {
  /** Devices in the namespace, by name. */
  const devices = (netns: Netns) => netns.exec('ip', '-o', 'link').match(/(?<=^\d+: )[^@:]+/gm) ?? [];

  /** The kernel takes a namespace apart in its own time and announces nothing: each question runs a program. */
  function untilAlone(netns: Netns): void {
    const deadline = performance.now() + 20_000;
    while (devices(netns).length > 1)
      if (performance.now() > deadline) throw new Error('the other end of the veth pair is still there');
  }

  it('is no namespace, and no descriptor of one', async () => {
    const scope = testScope();
    const [here, there] = [Netns.create(scope), Netns.create(scope)];
    link(here, there, [['10.77.0.1/24', '10.77.0.2/24']]);
    const it = dumper(scope);
    await dump(it, there.path);
    expect(namespaceFds()).toEqual([]);
    expect(devices(here)).toHaveLength(2);
    there.end();
    untilAlone(here);
    expect(await dump(it, there.path)).toMatchObject([{ enterError: ENOENT, error: ENOENT }]);
  });

  it('is none either when the namespace is deleted in the middle, and when the audit is closed', async () => {
    const scope = testScope();
    const [here, there] = [Netns.create(scope), Netns.create(scope)];
    link(here, there, [['10.77.0.1/24', '10.77.0.2/24']]);
    const it = dumper(scope);
    const again = targets(...Array.from({ length: 1000 }, () => there.path));
    const deleting = new (class extends Collector {
      override end(...args: Parameters<Collector['end']>): void {
        super.end(...args);
        if (this.namespaces.length === 3) there.end();
      }
    })();
    await it.dump(again, deleting);
    const errors = deleting.namespaces.map(({ error }) => error);
    expect(errors.slice(0, 3)).toEqual([0, 0, 0]);
    // The name loses its mount before it goes: in between it is a file that is no namespace.
    expect([...new Set(errors)].filter((error) => ![0, ENOENT, EINVAL].includes(error))).toEqual([]);
    expect(errors.at(-1)).not.toBe(0);
    untilAlone(here);
    expect(namespaceFds()).toEqual([]);
  });

  it('is a thread that has come home', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    await dump(dumper(scope), netns.path);
    const homes = readdirSync('/proc/self/task').map((task) =>
      readlinkSync(`/proc/self/task/${task}/ns/net`),
    );
    expect(new Set(homes)).toEqual(new Set([readlinkSync(OWN)]));
    expect(readFileSync('/proc/self/net/sockstat', 'utf8')).toContain('TCP: inuse');
  });

  it('is nothing when close() comes in the middle of a foreign namespace', async () => {
    const scope = testScope();
    const [here, there] = [Netns.create(scope), Netns.create(scope)];
    link(here, there, [['10.77.0.1/24', '10.77.0.2/24']]);
    const it = dumper(scope);
    const interrupted = expect(
      it.dump(targets(...Array.from({ length: 1000 }, () => there.path)), new Collector()),
    ).rejects.toThrow('the dumper was closed');
    await new Promise(setImmediate);
    it.close();
    await interrupted;
    expect(namespaceFds()).toEqual([]);
    there.end();
    untilAlone(here);
  });
});
