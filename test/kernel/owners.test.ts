/** Whose connection it is, and who closed it: accept, fork, exec, handed-over descriptors, processes that live a few ms. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent, FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, readLog } from '../support/churngen.js';
import type { Netns } from '../support/netns.js';
import { must, type Running, start } from '../support/process.js';
import { nginx } from '../support/programs.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { watched } from '../support/watch.js';

const next = watched(fileScope(), 13);

/** Whole lines only, also from forked children, who end with their parent. */
const PRELUDE = `import ctypes, os, socket, sys
def say(*words): os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def fork():
    pid = os.fork()
    if pid == 0: ctypes.CDLL(None).prctl(1, 9)
    return pid
`;

/** A program that says "ready" when it listens or is about to begin, and goes on at each line on its stdin. */
async function python(scope: Scope, netns: Netns, code: string): Promise<Running> {
  const program = await start(scope, ['python3', '-u', '-c', `${PRELUDE}${code}`], {
    netns,
  });
  await program.printed(/ready/);
  return program;
}

const LISTEN = 's = socket.create_server(("127.0.0.1", 9000))';
const pids = (text: string) => [...text.matchAll(/pid (\d+)/g)].map((match) => Number(match[1]));
const owners = (events: readonly ConnectionEvent[]) => events.map(({ process }) => process.pid);
const closers = (events: readonly ConnectionEvent[]) => events.map(({ closer }) => closer?.pid);

describe('an inbound connection belongs to', () => {
  it('the worker that accepted it, not to the master that listens (prefork)', async () => {
    const scope = testScope();
    const view = next();
    const server = await python(
      scope,
      view.netns,
      `${LISTEN}
for _ in range(2):
    if fork() == 0:
        say("pid", os.getpid())
        while True: s.accept()[0].close()
say("ready")
sys.stdin.read()`,
    );
    await server.until(() => pids(server.stdout).length === 2, 'start two workers');
    await (await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 50, close: 'server' })).done();
    const closed = await view.reach('closed', 100);
    const inbound = closed.filter(({ direction }) => direction === 'in');
    for (const pid of owners(inbound)) expect(pids(server.stdout)).toContain(pid);
    expect(closers(inbound)).toEqual(owners(inbound));
    const rows = view.flows('in');
    expect(rows.map(({ process }) => process.pid)).not.toContain(server.pid);
    expect(rows.reduce((sum, { opened }) => sum + (opened ?? 0), 0)).toBe(50);
  });

  it('nginx’s workers', async () => {
    const scope = testScope();
    const view = next();
    const { workers } = await nginx(scope, view.netns, { workers: 2 });
    await must(['curl', '-sS', 'http://127.0.0.1:8080/', 'http://127.0.0.1:8080/'], { netns: view.netns });
    await view.reach('closed', 4);
    const rows = view.flows('in');
    for (const { process } of rows) {
      expect(workers).toContain(process.pid);
      expect(process).toMatchObject({ comm: 'nginx', exe: '/usr/sbin/nginx', parent: { comm: 'nginx' } });
      expect(process.cmdline).toMatch(/^nginx: worker process/);
    }
  });

  it('the parent that accepted it, although a child closes it (fork server)', async () => {
    const scope = testScope();
    const view = next();
    const server = await python(
      scope,
      view.netns,
      `${LISTEN}
say("ready")
while True:
    c, _ = s.accept()
    r, w = os.pipe()
    if fork() == 0:
        os.read(r, 1); say("pid", os.getpid()); c.close(); os._exit(0)
    c.close(); os.write(w, b"x"); os.close(r); os.close(w); os.wait()`,
    );
    await (await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 5, close: 'server' })).done();
    await view.reach('closed', 10);
    const inbound = view.events('closed').filter(({ direction }) => direction === 'in');
    expect(owners(inbound)).toEqual(Array(5).fill(server.pid));
    await server.until(() => pids(server.stdout).length === 5, 'name five children');
    expect(closers(inbound).sort()).toEqual(pids(server.stdout).sort());
    expect(view.flows('in')).toMatchObject([
      { opened: 5, closed: 5, closedFirst: 5, process: { pid: server.pid } },
    ]);
  });

  it('the listener when nobody accepts it', async () => {
    const scope = testScope();
    const view = next();
    const server = await python(
      scope,
      view.netns,
      `${LISTEN}; say("ready"); sys.stdin.readline(); s.close(); sys.stdin.read()`,
    );
    const client = await churnClient(scope, view.netns, {
      to: '127.0.0.1:9000',
      count: 2,
      'hold-ms': 20_000,
    });
    await view.reach('established', 2);
    server.write('\n');
    await view.reach('closed', 4);
    expect(view.flows('in')).toMatchObject([{ opened: 2, closed: 2, process: { pid: server.pid } }]);
    await client.stop();
  });
});

describe('who closes', () => {
  it.each(['fork', 'pass'])('is named although another process opened (%s)', async (close) => {
    const scope = testScope();
    const view = next();
    const log = join(scope.directory(), 'log');
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    const client = await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 10, close, log });
    await client.done();
    await client.process.exited;
    const closed = (await view.reach('closed', 20)).filter(({ direction }) => direction === 'out');
    expect(owners(closed)).toEqual(Array(10).fill(client.pid));
    expect(closers(closed).sort()).toEqual(
      readLog(log)
        .map(({ closer }) => closer)
        .sort(),
    );
    expect(view.flows('out')).toMatchObject([{ closed: 10, closedFirst: 10, process: { pid: client.pid } }]);
  });

  it('has exited when all it ever did was to hold the last descriptor at its exit', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    const program = await python(
      scope,
      view.netns,
      `c = socket.create_connection(("127.0.0.1", 9000))
r, w = os.pipe()
child = fork()
if child == 0:
    os.close(w); os.read(r, 1); os._exit(0)
c.close(); os.close(r)
say("pid", child, "ready")
os.close(w)
os.wait()
sys.stdin.read()`,
    );
    const [closed] = (await view.reach('closed', 1)).filter(({ direction }) => direction === 'out');
    const [child] = pids(program.stdout);
    expect(closed).toMatchObject({
      process: { pid: program.pid },
      closer: { pid: child, comm: 'python3', exited: true },
    });
  });
});

describe('a process that lives a few milliseconds', () => {
  const rowsOf = (rows: FlowRow[], comm: string) => rows.filter(({ process }) => process.comm === comm);

  it('is named by comm, exe, command line and parent when it was exec’ed', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000=reply']);
    const loop = 'for i in $(seq 20); do curl -s --http0.9 http://127.0.0.1:9000/ > /dev/null; done; exit 0';
    const shell = await must(['bash', '-c', loop], { netns: view.netns });
    await view.reach('closed', 40);
    const rows = rowsOf(view.flows('out'), 'curl');
    expect(rows).toHaveLength(20);
    expect(new Set(rows.map(({ process }) => process.pid)).size).toBe(20);
    for (const { process, program } of rows) {
      expect(process).toMatchObject({
        ppid: shell.pid,
        parent: { pid: shell.pid, comm: 'bash' },
        cmdline: 'curl -s --http0.9 http://127.0.0.1:9000/',
        uid: 0,
        exited: true,
      });
      expect(process.exe).toMatch(/\/curl$/);
      expect(program).toBe('curl (bash)');
    }
  });

  it('is named by the program it runs when it was only forked', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    const client = await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 20, close: 'exit' });
    await client.done();
    await view.reach('closed', 40);
    const rows = view.flows('out');
    expect(rows).toHaveLength(20);
    for (const { process } of rows) {
      expect(process).toMatchObject({
        ppid: client.pid,
        parent: { comm: 'churngen' },
        comm: 'churngen',
        exited: true,
      });
      expect(process.exe).toMatch(/\/churngen$/);
      expect(process.cmdline).toMatch(/churngen client --to/);
    }
  });

  it('is named when it is killed with its connection open', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    await (await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: 10, close: 'kill' })).done();
    await view.reach('closed', 20);
    const rows = view.flows('out');
    expect(rows).toHaveLength(10);
    for (const row of rows)
      expect(row).toMatchObject({ closed: 1, process: { comm: 'churngen', exited: true } });
    const closed = view.events('closed').filter(({ direction }) => direction === 'out');
    expect(closers(closed)).toEqual(owners(closed));
  });
});

describe('a process', () => {
  it('changes its name by exec, and stays one row', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000=reply']);
    const code = 'exec 3<>/dev/tcp/127.0.0.1/9000; read -r; exec curl -s --http0.9 http://127.0.0.1:9000/';
    const shell = await start(scope, ['bash', '-c', code], { netns: view.netns });
    await view.reach('established', 1);
    expect(view.flows('out')).toMatchObject([{ process: { pid: shell.pid, comm: 'bash' } }]);
    shell.write('\n');
    await view.reach('established', 2);
    const [row, ...others] = view.flows('out');
    expect(others).toEqual([]);
    expect(row).toMatchObject({ opened: 2, process: { pid: shell.pid, comm: 'curl' } });
    expect(row?.process.exe).toMatch(/\/curl$/);
    expect(row?.process.cmdline).toMatch(/^curl -s/);
  });

  it('has start time, cgroup and user, and is not us', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000=reply']);
    const before = Date.now();
    const words = ['curl', '-s', '--http0.9', 'http://127.0.0.1:9000/'];
    const client = await start(scope, words, { netns: view.netns, user: 'nobody' });
    await client.exited;
    await view.reach('closed', 2);
    const [row] = view.flows('out');
    expect(row?.process).toMatchObject({ pid: client.pid, ppid: process.pid, self: false });
    expect(row?.process.uid).toBeGreaterThan(0);
    expect(Math.abs((row?.process.startTime ?? 0) - before)).toBeLessThan(5000);
  });

  it('with a hostile name keeps it as it is: escaping is the printer’s', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, ['127.0.0.1:9000']);
    const code = `import ctypes, socket
ctypes.CDLL(None).prctl(15, b"\\x1b[31m<b>\\nx", 0, 0, 0)
socket.create_connection(("127.0.0.1", 9000))`;
    await must(['python3', '-c', code], { netns: view.netns });
    await view.reach('closed', 2);
    expect(view.flows('out')).toMatchObject([{ process: { comm: '\u001b[31m<b>\nx' } }]);
  });
});
