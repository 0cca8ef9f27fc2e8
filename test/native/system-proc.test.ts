/** Reads the real /proc of this machine, races included. Needs Linux, no root. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BootClock } from '../../src/system/clock.js';
import { IdentityQueue } from '../../src/system/identity.js';
import type { ProcFacts } from '../../src/system/parse/process.js';
import { ticksOf } from '../../src/system/parse/ticks.js';
import { CMDLINE_LIMIT, readProcess } from '../../src/system/proc.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';

/** A busy machine is slow. */
const WAIT = { timeout: 10_000 };

/** A node that runs `script`, prints "ready", and runs until the test ends. */
async function node(script: string, ...args: string[]) {
  const words = [process.execPath, '-e', `${script}; console.log('ready'); process.stdin.resume()`, ...args];
  const running = await start(testScope(), words);
  await running.printed(/ready/);
  return running;
}

const rename = (comm: string) => `require('fs').writeFileSync('/proc/self/comm', ${JSON.stringify(comm)})`;

describe('a real process', () => {
  it('has the facts that ps and its own /proc show', async () => {
    const { pid } = await node('1', 'two words');
    const facts = readProcess(pid);
    const ps = execFileSync('ps', ['-o', 'ppid=,ruid=', '-p', String(pid)], { encoding: 'utf8' });
    expect([facts?.ppid, facts?.uid]).toEqual(ps.trim().split(/\s+/).map(Number));
    expect(facts).toMatchObject({
      pid,
      parent: { pid: process.pid, comm: readFileSync('/proc/self/comm', 'utf8').trimEnd() },
      comm: 'node',
      exe: process.execPath,
      exeDeleted: false,
      args: { head: expect.arrayContaining(['two words']), tail: null },
      cgroup: expect.stringMatching(/^\//),
    });
  });

  it('started when it was started', async () => {
    const before = Date.now();
    const { pid } = await node('1');
    const after = Date.now();
    const clock = new BootClock();
    const started = clock.startTimeMs(readProcess(pid)?.startTicks ?? 0);
    expect(started).toBeGreaterThanOrEqual(before - 20); // a tick, and the clocks' bounds
    expect(started).toBeLessThanOrEqual(after);
  });

  it.each([
    ['escape', '\x1b[31mred\x1b[0m'],
    ['newline and backslash', 'a\nb\\n\\'],
    ['brackets', 'x) S 1 (y'],
    ['blanks', '  a  '],
    ['html', '<img src=x>'],
  ])('keeps the comm it gave itself: %s', async (_, comm) => {
    const { pid } = await node(rename(comm));
    expect(readProcess(pid)?.comm).toBe(comm);
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe(`${comm}\n`);
  });

  it('shows a comm cut inside a character', async () => {
    const { pid } = await node(rename('éééééééé')); // 16 bytes; the kernel keeps 15
    expect(readProcess(pid)?.comm).toBe('ééééééé\ufffd');
  });

  it('keeps both ends of 100 KB of arguments', async () => {
    const { pid } = await node('1', 'x'.repeat(100 * 1024), 'last');
    const facts = readProcess(pid);
    expect(facts?.args.head[0]).toMatch(/node$/);
    expect(facts?.args.tail).toEqual([expect.stringMatching(/^x+$/), 'last']);
    const kept = [...(facts?.args.head ?? []), ...(facts?.args.tail ?? [])].join('\0');
    expect(kept.length).toBeLessThanOrEqual(CMDLINE_LIMIT);
  });

  it('keeps control characters of its arguments, and replaces what is no UTF-8', async () => {
    const words = ['-c', 'exec -a "$(printf "a\\\\377b")" cat - "$(printf "\\\\033[2Jx\\\\ny")"'];
    const running = await start(testScope(), ['bash', ...words]);
    /* While execve() goes on, the name is new already and there are no arguments yet. */
    const args = () => readProcess(running.pid)?.args.head;
    await expect.poll(args, WAIT).toEqual(['a\ufffdb', '-', '\x1b[2Jx\ny']);
    expect(readProcess(running.pid)?.comm).toBe('cat');
    running.closeInput();
  });

  it('says that its exe was deleted', async () => {
    const exe = `${testScope().directory()}/cat`;
    copyFileSync('/bin/cat', exe);
    const running = await start(testScope(), [exe]);
    await expect.poll(() => readProcess(running.pid)?.exe, WAIT).toBe(exe);
    rmSync(exe);
    expect(readProcess(running.pid)).toMatchObject({ exe, exeDeleted: true, comm: 'cat' });
    running.closeInput();
  });

  it('has no exe and no command line once it is a zombie', async () => {
    const neglectful = 'exec 3<&0; cat <&3 & echo child $!; exec tail -f /dev/null';
    const parent = await start(testScope(), ['sh', '-c', neglectful]);
    const child = Number((await parent.printed(/child (\d+)/))[1]);
    await expect
      .poll(() => [parent.pid, child].map((pid) => readProcess(pid)?.comm), WAIT)
      .toEqual(['tail', 'cat']);
    parent.closeInput();
    await expect.poll(() => readProcess(child)?.exe, WAIT).toBeNull();
    expect(readProcess(child)).toMatchObject({ comm: 'cat', exe: null, args: { head: [], tail: null } });
  });

  it('is null for a pid of one of its threads', async () => {
    const running = await node(
      `new (require('worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })`,
    );
    const threads = execFileSync('ls', [`/proc/${running.pid}/task`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const other = threads.map(Number).find((tid) => tid !== running.pid);
    expect(readProcess(other ?? 0)).toBeNull();
  });

  it('that exits while it is read gives its own facts or null, and null from then on', async () => {
    for (let round = 0; round < 30; round++) {
      const child = spawn('true', { stdio: 'ignore' });
      const pid = child.pid ?? 0;
      const seen: (ProcFacts | null)[] = [];
      let running = true;
      void once(child, 'exit').finally(() => {
        running = false;
      });
      for (; running; await setImmediate()) seen.push(readProcess(pid));
      for (const facts of seen.filter((it) => it !== null))
        expect(facts).toMatchObject({ pid, ppid: process.pid, uid: process.getuid?.() });
      expect(
        new Set(seen.map((facts) => facts?.startTicks ?? null).filter(Boolean)).size,
      ).toBeLessThanOrEqual(1);
      expect(readProcess(pid)).toBeNull();
    }
  });
});

it('the kernel’s own threads have a name and no exe', () => {
  expect(readProcess(2)).toMatchObject({
    comm: 'kthreadd',
    ppid: 0,
    parent: null,
    exe: null,
    args: { head: [], tail: null },
  });
});

it('the identity queue names a process for its start time, and none for another start time', async () => {
  const queue = new IdentityQueue();
  const { pid } = await node(rename('asked-for'));
  const ask = (ticks: number) =>
    new Promise<ProcFacts | null>((resolve) => queue.request(pid, ticks, resolve));
  const ticks = readProcess(pid)?.startTicks ?? 0;
  expect(await ask(ticks)).toMatchObject({ pid, comm: 'asked-for' });
  expect(await ask(ticks - 1)).toBeNull();
});

describe('the clock of this machine', () => {
  it('agrees with the wall clock within 2 ms', () => {
    const clock = new BootClock();
    for (let i = 0; i < 100; i++) {
      const before = Date.now();
      const now = clock.unixMs(process.hrtime.bigint());
      const after = Date.now();
      expect(now).toBeGreaterThanOrEqual(before - 2);
      expect(now).toBeLessThanOrEqual(after + 2);
    }
  });

  it('is not reported as set when it was not set', () => {
    const clock = new BootClock();
    const before = clock.unixMsAtZero;
    for (let i = 0; i < 500; i++) expect(clock.sample()).toBe(false);
    expect(Math.abs(clock.unixMsAtZero - before)).toBeLessThan(1);
  });

  it('counts ticks of a start as the kernel does', () => {
    const uptimeNs = BigInt(Math.round(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1e9));
    const { pid } = spawn('true', { stdio: 'ignore' });
    const ticks = readProcess(pid ?? 0)?.startTicks ?? 0;
    expect(ticks).toBeGreaterThanOrEqual(ticksOf(uptimeNs));
    expect(ticks - ticksOf(uptimeNs)).toBeLessThan(100);
  });
});
