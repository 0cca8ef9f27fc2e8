import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { IdentityQueue } from '../../../src/system/identity.js';
import type { ProcFacts } from '../../../src/system/parse/process.js';
import { inSlices, ThrottledScan } from '../../../src/system/slices.js';
import { testScope } from '../../support/scope.js';
import { plant, statText } from '../../support/tree.js';
import { turnsDuring } from '../../support/turns.js';

/** A busy machine is slow. */
const WAIT = { timeout: 60_000 };

/** Pieces of work of so many milliseconds each, by the clock and of processor time, which other threads of the process use too. */
function* pieces(count: number, ms: number): Generator<void> {
  for (let i = 0; i < count; i++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    while (usedSince(before) < ms || performance.now() - start < ms);
    yield;
  }
}

function usedSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** A piece during which the thread stands still, as it does while other processes have the processor. */
function* halted(ms: number): Generator<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  yield;
}

describe('a long scan', () => {
  it('gives way to the event loop after each slice', async () => {
    expect(await turnsDuring(inSlices(pieces(20, 1), 2))).toBeGreaterThanOrEqual(9);
  });

  it('does not begin in the turn that asks for it', async () => {
    let begun = false;
    const scan = inSlices(
      (function* () {
        begun = true;
        yield;
      })(),
    );
    await Promise.resolve();
    expect(begun).toBe(false);
    await scan;
    expect(begun).toBe(true);
  });

  it('rejects when a piece throws', async () => {
    const failing = (function* () {
      yield;
      throw new Error('broken piece');
    })();
    await expect(inSlices(failing)).rejects.toThrow('broken piece');
  });
});

describe('a throttled scan', () => {
  function counted(minRestMs: number, ms = 0) {
    const starts: number[] = [];
    const scan = new ThrottledScan(() => {
      starts.push(performance.now());
      return pieces(1, ms);
    }, minRestMs);
    return { scan, starts };
  }

  it('answers many requests with one scan', async () => {
    const { scan, starts } = counted(0);
    await Promise.all([scan.request(), scan.request(), scan.request()]);
    expect(starts).toHaveLength(1);
  });

  it('scans once more for a request that comes while it scans', async () => {
    const requests: Promise<void>[] = [];
    let scans = 0;
    const scan = new ThrottledScan(() => {
      scans += 1;
      if (scans === 1) requests.push(scan.request(), scan.request());
      return [];
    }, 0);
    await scan.request();
    await Promise.all(requests);
    expect(scans).toBe(2);
  });

  it('rests between two scans, longer after a long one', async () => {
    const { scan, starts } = counted(5, 3);
    await scan.request();
    await scan.request();
    const [first = 0, second = 0] = starts;
    expect(second - first).toBeGreaterThanOrEqual(3 + 19 * 3 - 1);
  });

  it('does not rest for time in which other processes ran', async () => {
    const starts: number[] = [];
    const scan = new ThrottledScan(() => {
      starts.push(performance.now());
      return halted(1000);
    }, 0);
    await scan.request();
    const ended = performance.now();
    await scan.request();
    expect((starts[1] ?? 0) - ended).toBeLessThan(10_000);
  });

  it('serves whoever waits for the first scan without a rest', async () => {
    const { scan, starts } = counted(60_000);
    scan.suggest();
    await expect.poll(() => starts.length, WAIT).toBe(1);
    await scan.once();
    expect(starts).toHaveLength(1);
  });

  it('begins the first scan when nobody has asked for one', async () => {
    const { scan, starts } = counted(0);
    await Promise.all([scan.once(), scan.once()]);
    await scan.once();
    expect(starts).toHaveLength(1);
  });

  it('does not rest for what others do between its slices', async () => {
    const starts: number[] = [];
    const scan = new ThrottledScan(() => {
      starts.push(performance.now());
      return pieces(3, 3);
    }, 0);
    const busy = () => {
      for (const end = performance.now() + 1000; performance.now() < end; );
    };
    const first = scan.request();
    setImmediate(() => setImmediate(busy));
    await first;
    const ended = performance.now();
    await scan.request();
    expect(ended - (starts[0] ?? 0)).toBeGreaterThan(1000);
    expect((starts[1] ?? 0) - ended).toBeLessThan(10_000);
  });

  it('scans again after one that failed', async () => {
    let scans = 0;
    const scan = new ThrottledScan(() => {
      scans += 1;
      if (scans === 1) throw new Error('first');
      return [];
    }, 0);
    await expect(scan.request()).rejects.toThrow('first');
    await scan.request();
    expect(scans).toBe(2);
  });
});

describe('the identity queue', () => {
  function procOf(...pids: number[]): string {
    const files = pids.map((pid) => [
      `${pid}/stat`,
      statText(pid, `p${pid}`, { ppid: 0, startTicks: pid * 10 }),
    ]);
    return plant(testScope().directory(), { files: Object.fromEntries(files) });
  }

  const ask = (queue: IdentityQueue, pid: number, ticks: number | null) =>
    new Promise<ProcFacts | null>((resolve) => queue.request(pid, ticks, resolve));

  it('answers with the facts of the process that was meant', async () => {
    const queue = new IdentityQueue({ root: procOf(7) });
    expect(await ask(queue, 7, 70)).toMatchObject({ pid: 7, comm: 'p7' });
    expect(await ask(queue, 7, null)).toMatchObject({ pid: 7 });
  });

  it('answers null when the process is gone or its pid is another one’s', async () => {
    const queue = new IdentityQueue({ root: procOf(7) });
    expect(await ask(queue, 7, 69)).toBeNull();
    expect(await ask(queue, 8, null)).toBeNull();
    expect(queue.stats()).toEqual({ waiting: 0, done: 2, dropped: 0 });
  });

  it('never answers in the turn that asks', async () => {
    const queue = new IdentityQueue({ root: procOf(7) });
    let answered = false;
    queue.request(7, null, () => {
      answered = true;
    });
    await Promise.resolve();
    expect(answered).toBe(false);
    await ask(queue, 7, null);
    expect(answered).toBe(true);
  });

  it('answers in order, a slice per turn', async () => {
    const pids = Array.from({ length: 40 }, (_, i) => i + 1);
    const queue = new IdentityQueue({ root: procOf(...pids), sliceMs: 0 });
    const order: number[] = [];
    const all = Promise.all(pids.map((pid) => ask(queue, pid, null).then(() => order.push(pid))));
    expect(await turnsDuring(all)).toBeGreaterThanOrEqual(39);
    expect(order).toEqual(pids);
  });

  it('refuses what does not fit, counts it, and takes requests again when there is room', async () => {
    const queue = new IdentityQueue({ root: procOf(7), limit: 2 });
    const answers: unknown[] = [];
    const accepted = [1, 2, 3, 4].map(() => queue.request(7, null, (facts) => answers.push(facts)));
    expect(accepted).toEqual([true, true, false, false]);
    expect(queue.stats()).toEqual({ waiting: 2, done: 0, dropped: 2 });
    await expect.poll(() => answers.length, WAIT).toBe(2);
    expect(await ask(queue, 7, null)).not.toBeNull();
  });

  it('takes requests from inside an answer', async () => {
    const queue = new IdentityQueue({ root: procOf(1, 2) });
    const second = await new Promise((resolve) => {
      queue.request(1, null, () => queue.request(2, null, resolve));
    });
    expect(second).toMatchObject({ pid: 2 });
  });

  it('goes on after an answer that throws', async () => {
    const queue = new IdentityQueue({ root: procOf(7), sliceMs: 0 });
    const thrown = new Promise((resolve) => process.once('uncaughtException', resolve));
    const listeners = process.listeners('uncaughtException').slice(0, -1);
    for (const listener of listeners) process.off('uncaughtException', listener);
    queue.request(7, null, () => {
      throw new Error('bad listener');
    });
    const answer = ask(queue, 7, null);
    expect(await thrown).toMatchObject({ message: 'bad listener' });
    for (const listener of listeners) process.on('uncaughtException', listener);
    expect(await answer).toMatchObject({ pid: 7 });
  });

  it('calls nobody after close', async () => {
    const root = procOf(7);
    const queue = new IdentityQueue({ root });
    queue.request(7, null, () => expect.unreachable('answered after close'));
    queue.close();
    await ask(new IdentityQueue({ root }), 7, null);
    expect(queue.stats()).toEqual({ waiting: 0, done: 0, dropped: 0 });
  });
});
