/** The socket dumper on the namespace of this process, which needs no privilege: its records, its refusals, its cleanup. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ADDON_PATH } from '../../src/capture/load-addon.js';
import type { NativeSocketDumper } from '../../src/capture/native.js';
import { DUMP, DUMP_TEXT_PIECE, dumpSizeOf } from '../../src/decode/dump-layout.js';
import { openAddon } from '../../src/engine/addon.js';
import { DumpReader } from '../../src/engine/dump-reader.js';
import { readSysctls } from '../../src/system/sysctl.js';
import { start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import {
  Collector,
  type Dumped,
  type DumpedSocket,
  dump,
  dumper,
  nativeDumper,
  OWN,
  STATE,
  targets,
} from '../support/socket-dump.js';

const [ENOENT, EACCES, EINVAL] = [2, 13, 22];
/** Our own namespace many times over: a long dump. */
const LONG = targets(...Array.from({ length: 2000 }, () => OWN));

async function listening(scope: Scope, host: string): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.resume());
  scope.use({ end: () => void server.close() });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

async function connected(scope: Scope, server: Server, port: number, host: string): Promise<number> {
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect(port, host);
  scope.use({ end: () => void client.destroy() });
  await new Promise<void>((resolve) => client.once('connect', resolve));
  scope.use({ end: () => void accepted.then((socket) => socket.destroy()) });
  await accepted;
  return client.localPort as number;
}

/** Inode numbers of the sockets this process holds. */
function ownInodes(): Set<number> {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ''; // the directory's own descriptor
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []).map(Number));
}

const ofPort = (it: Dumped, port: number) =>
  it.sockets.filter(({ local, remote }) => local.endsWith(`:${port}`) || remote.endsWith(`:${port}`));
const brief = ({ state, family, local, remote }: DumpedSocket) => ({ state, family, local, remote });

describe('a socket dump of our own namespace', () => {
  it('shows listener, both ends of a connection, owner and inode', async () => {
    const scope = testScope();
    const { server, port } = await listening(scope, '127.0.0.1');
    const from = await connected(scope, server, port, '127.0.0.1');
    const [it] = (await dump(dumper(scope), OWN)) as [Dumped];
    const found = ofPort(it, port);
    const [here, there] = [`127.0.0.1:${from}`, `127.0.0.1:${port}`];
    expect(found.map(brief)).toEqual(
      expect.arrayContaining([
        { state: STATE.LISTEN, family: 2, local: there, remote: '0.0.0.0:0' },
        { state: STATE.ESTABLISHED, family: 2, local: here, remote: there },
        { state: STATE.ESTABLISHED, family: 2, local: there, remote: here },
      ]),
    );
    expect(found).toHaveLength(3);
    expect([...ownInodes()]).toEqual(expect.arrayContaining(found.map(({ inode }) => inode)));
    expect(found.every(({ uid, cookie }) => uid === process.getuid?.() && cookie > 0n)).toBe(true);
  });

  it('shows a v4-mapped connection once, under IPv6, with IPv4 addresses', async () => {
    const scope = testScope();
    const { server, port } = await listening(scope, '::');
    const from = await connected(scope, server, port, '127.0.0.1');
    const [it] = (await dump(dumper(scope), OWN)) as [Dumped];
    const [here, there] = [`127.0.0.1:${from}`, `127.0.0.1:${port}`];
    const found = ofPort(it, port).map(brief);
    expect(found).toEqual(
      expect.arrayContaining([
        { state: STATE.LISTEN, family: 10, local: `:::${port}`, remote: ':::0' },
        { state: STATE.ESTABLISHED, family: 2, local: here, remote: there },
        { state: STATE.ESTABLISHED, family: 10, local: there, remote: here },
      ]),
    );
    expect(found).toHaveLength(3);
  });

  it('has the namespace, the time and the number of its sockets', async () => {
    const before = Number(process.hrtime.bigint());
    const [it] = (await dump(dumper(testScope()), OWN)) as [Dumped];
    const inum = Number(/\d+/.exec(readlinkSync(OWN))?.[0]);
    expect(it).toMatchObject({ id: 0, inum, enterError: 0, error: 0, count: it.sockets.length });
    expect(it.cookie).toBeGreaterThan(0n);
    expect(it.startedNs).toBeGreaterThan(before);
    expect(it.endedNs).toBeGreaterThan(it.startedNs);
    expect(it.endedNs).toBeLessThan(Number(process.hrtime.bigint()));
  });

  it('of settings alone has no sockets and no counters', async () => {
    const scope = testScope();
    const { port } = await listening(scope, '127.0.0.1');
    const collector = new Collector();
    const both = [0, 1].map((id) => ({ id, path: OWN, settingsOnly: id === 1 }));
    await dumper(scope).dump(both, collector);
    const [first, second] = collector.namespaces as [Dumped, Dumped];
    expect(ofPort(first, port)).toHaveLength(1);
    expect(second).toMatchObject({ error: 0, count: 0, sockets: [], cookie: first.cookie, inum: first.inum });
    const none = { netstat: null, sockstat: null, snmp: null };
    expect(second.texts).toEqual({ ...first.texts, ...none });
    expect(second.texts.ip_local_port_range).toMatch(/^\d+\t\d+\n$/);
  });

  it('has the settings and counters of the files', async () => {
    const [it] = (await dump(dumper(testScope()), OWN)) as [Dumped];
    expect(it.texts).toMatchObject(readSysctls());
    const names = (text: string | null) => text?.replace(/\d+/g, '#').replace(/-/g, '');
    for (const file of ['netstat', 'snmp', 'sockstat'] as const)
      expect(names(it.texts[file])).toBe(names(readFileSync(`/proc/self/net/${file}`, 'utf8')));
  });
});

describe('a target that cannot be entered', () => {
  it.each([
    ['a process that is gone', () => '/proc/4194305/ns/net', [ENOENT]],
    ['a file that is no namespace', () => '/proc/self/status', [EINVAL]],
    ['a namespace of another kind', () => '/proc/self/ns/uts', [EINVAL]],
    ['a directory', () => '/run', [EACCES, EINVAL]],
    ['a FIFO, which must not block', fifo, [EINVAL]],
  ])('is %s: a begin and an end that say why, and the next one is dumped', async (_, path, errors) => {
    const [bad, good] = (await dump(dumper(testScope()), path(), OWN)) as [Dumped, Dumped];
    expect(errors).toContain(bad.enterError);
    expect(bad).toMatchObject({ id: 0, error: bad.enterError, count: 0, sockets: [], cookie: 0n });
    expect(Object.values(bad.texts).every((text) => text === null)).toBe(true);
    expect(good).toMatchObject({ id: 1, error: 0 });
  });
});

function fifo(): string {
  const path = join(testScope().directory(), 'fifo');
  execFileSync('mkfifo', [path]);
  return path;
}

/** Takes all records without waiting; returns the bytes of each take. */
async function takeAll(native: NativeSocketDumper, bytes: number): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  const buffer = new Uint8Array(bytes);
  for (let got = native.take(buffer); got >= 0; got = native.take(buffer)) {
    if (got > 0) pieces.push(buffer.slice(0, got));
    else await new Promise(setImmediate);
  }
  return pieces;
}

/** Sizes of the records in these bytes; throws when one is cut. */
function recordsIn(bytes: Uint8Array): { type: number; size: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { type: number; size: number }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [type, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (size === 0 || at + size > bytes.length) throw new Error(`a record is cut at ${at}`);
    found.push({ type, size });
    at += size;
  }
  return found;
}

describe('the native dumper', () => {
  it('gives whole records only, however small the buffer', async () => {
    const native = nativeDumper(testScope());
    expect(native.start(LONG.slice(0, 20))).toBe(true);
    const smallest = dumpSizeOf('dump_text') + DUMP_TEXT_PIECE;
    const records = (await takeAll(native, smallest)).flatMap(recordsIn);
    for (const type of [DUMP.BEGIN, DUMP.END])
      expect(records.filter((it) => it.type === type)).toHaveLength(20);
  });

  it('runs one dump at a time, and the next once all records are taken', async () => {
    const native = nativeDumper(testScope());
    const few = LONG.slice(0, 2);
    expect(native.take(new Uint8Array(65_536))).toBe(-1);
    expect([native.start(few), native.start(few)]).toEqual([true, false]);
    await takeAll(native, 65_536);
    expect(native.start(few)).toBe(true);
  });

  it('ends at once when it has no targets', async () => {
    const native = nativeDumper(testScope());
    native.start([]);
    expect(await takeAll(native, 65_536)).toEqual([]);
  });

  it('refuses a buffer that a record might not fit into', () => {
    const native = nativeDumper(testScope());
    expect(() => native.take(new Uint8Array(16_384))).toThrow(RangeError);
  });

  it('has a thread from the first start to close(), which waits for no dump', async () => {
    const native = nativeDumper(testScope());
    expect(dumpThreads()).toEqual([]);
    native.start(LONG);
    await untilThread();
    const before = performance.now();
    native.close();
    expect(performance.now() - before).toBeLessThan(1000);
    expect(dumpThreads()).toEqual([]);
    expect(() => native.start(LONG)).toThrow('the dumper is closed');
    expect(() => native.take(new Uint8Array(65_536))).toThrow('the dumper is closed');
    native.close();
  });

  it('blocks every signal that can be blocked in its thread', async () => {
    const native = nativeDumper(testScope());
    native.start([]);
    await untilThread();
    const blocked = BigInt(`0x${/SigBlk:\s*(\w+)/.exec(statusOf(dumpThreads()[0] as string))?.[1]}`);
    const signals = [1, 2, 3, 10, 12, 13, 14, 15, 17, 34, 64].map((number) => 1n << BigInt(number - 1));
    expect(signals.filter((bit) => (blocked & bit) === 0n)).toEqual([]);
  });

  it('works beside another one', async () => {
    const scope = testScope();
    const both = await Promise.all([dump(dumper(scope), OWN, OWN), dump(dumper(scope), OWN, OWN)]);
    expect(both.map((them) => them.map(({ id, error }) => [id, error]))).toEqual(
      Array(2).fill([
        [0, 0],
        [1, 0],
      ]),
    );
  });
});

const statusOf = (task: string) => readFileSync(`/proc/self/task/${task}/status`, 'utf8');

function dumpThreads(): string[] {
  return readdirSync('/proc/self/task').filter((task) => /^Name:\tchurn-dump$/m.test(statusOf(task)));
}

/** Until the thread has set its name. */
async function untilThread(): Promise<void> {
  while (dumpThreads().length === 0) await new Promise(setImmediate);
}

describe('the dumper', () => {
  it('rejects with the error that the sink threw, and dumps again', async () => {
    const it = dumper(testScope());
    class Broken extends Collector {
      override socket(): void {
        throw new Error('no more');
      }
    }
    const broken = it.dump(LONG.slice(0, 50), new Broken());
    await expect(broken).rejects.toThrow('no more');
    expect((await dump(it, OWN))[0]).toMatchObject({ error: 0 });
  });

  it('runs one dump at a time', async () => {
    const it = dumper(testScope());
    const first = dump(it, OWN);
    await expect(dump(it, OWN)).rejects.toThrow('a dump is running');
    expect(await first).toHaveLength(1);
  });

  it('rejects a dump that close() interrupts, and any later one', async () => {
    const it = new DumpReader(openAddon().openSocketDumper());
    const interrupted = expect(it.dump(LONG, new Collector())).rejects.toThrow('the dumper was closed');
    it.close();
    await interrupted;
    await expect(dump(it, OWN)).rejects.toThrow('the dumper is closed');
    it.close();
  });

  it('may be closed by its own sink', async () => {
    const it = new DumpReader(openAddon().openSocketDumper());
    class Closing extends Collector {
      override end(): void {
        it.close();
      }
    }
    await expect(it.dump(LONG, new Closing())).rejects.toThrow('the dumper was closed');
  });
});

/** Runs a program that has opened a dumper and begun a long dump. */
function programWith(scope: Scope, code: string): string[] {
  const file = join(scope.directory(), 'program.cjs');
  const begin = `const begin = () => {
    const dumper = require(${JSON.stringify(ADDON_PATH)}).openSocketDumper();
    dumper.start(Array.from({ length: 2000 }, (_, id) => ({ id, path: '${OWN}' })));
    return dumper;
  };`;
  writeFileSync(file, `${begin}\n${code}`);
  return [process.execPath, '--expose-gc', file];
}

const WORKER = `new (require('node:worker_threads').Worker)(
  begin.toString().replace(/^/, 'const begin = ') + '; globalThis.kept = begin();' +
  "require('node:worker_threads').parentPort.postMessage(1); setInterval(() => {}, 1000);", { eval: true })`;

describe('a program in the middle of a socket dump', () => {
  it.each([
    ['by process.exit()', 'globalThis.kept = begin(); process.exit(7)', 7],
    ['at its end', 'globalThis.kept = begin(); process.exitCode = 7', 7],
    ['by an exception', 'globalThis.kept = begin(); throw new Error("over")', 1],
    ['after its dumper was collected', 'begin(); setImmediate(() => { gc(); process.exitCode = 7 })', 7],
    [
      'after its worker',
      `const w = ${WORKER}; w.on('message', () => w.terminate()); process.exitCode = 7`,
      7,
    ],
    ['with its worker', `const w = ${WORKER}; w.on('message', () => process.exit(7))`, 7],
  ])('ends %s', async (_, code, exit) => {
    const scope = testScope();
    const program = await start(scope, programWith(scope, code));
    expect(await program.finished(10_000)).toMatchObject({ code: exit, signal: null });
  });
});
