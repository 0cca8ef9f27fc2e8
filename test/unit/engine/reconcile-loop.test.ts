import { performance } from 'node:perf_hooks';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Reconciler } from '../../../src/aggregate/reconcile/reconciler.js';
import type { DumpTarget } from '../../../src/capture/native.js';
import type { DumpSink } from '../../../src/decode/dump.js';
import type { DumpReader } from '../../../src/engine/dump-reader.js';
import { moment } from '../../../src/engine/moment.js';
import { ReconcileLoop } from '../../../src/engine/reconcile-loop.js';
import type { Netns, NetworkNamespaces } from '../../../src/system/netns.js';
import { World } from '../../support/aggregate-world.js';

/** A dumper that finds every namespace empty. */
class Dumps {
  readonly rounds: number[][] = [];
  /** Of each dump of namespace 1: the generation that it was to go on from. */
  readonly bases: (number | undefined)[] = [];
  /** How the next dumps of all namespaces end. */
  error = 0;
  private generation = 0;

  async dump(targets: readonly DumpTarget[], sink: DumpSink): Promise<void> {
    this.rounds.push(targets.map(({ id }) => id));
    for (const { id, base } of targets) {
      if (id === 1) this.bases.push(base);
      this.generation += 1;
      const startedNs = moment().ms * 1e6;
      sink.begin({ id, error: 0, startedNs, netnsLow: id, netnsHigh: 0, netnsInum: id, basedOn: 0 } as never);
      sink.end({ error: this.error, generation: this.generation, unchanged: 0 } as never);
    }
  }

  close(): void {}
}

/** A discovery that ends when it is told to. */
class Discovery {
  completeAsOf = 0;
  asked = 0;
  private inodes: number[] = [];
  private end: { resolve(): void; reject(error: Error): void } | null = null;

  list = (): Netns[] =>
    this.inodes.map((inode) => ({ inode, name: null, pid: inode, mountPath: null, fileNs: null }));

  refresh(): Promise<void> {
    this.asked += 1;
    return new Promise((resolve, reject) => {
      this.end = { resolve, reject };
    });
  }

  known = () => this.refresh();

  found(...inodes: number[]): void {
    this.inodes = inodes;
    this.completeAsOf = moment().ms;
    this.end?.resolve();
  }

  fails(): void {
    this.end?.reject(new Error('EMFILE: too many open files'));
  }
}

function setUp() {
  const { aggregator, folds } = new World();
  aggregator.unixMsAtZero = 0;
  const [dumps, discovery, errors] = [new Dumps(), new Discovery(), vi.fn()];
  const loop = new ReconcileLoop(
    dumps as unknown as DumpReader,
    new Reconciler(aggregator, folds),
    aggregator,
    discovery as unknown as NetworkNamespaces,
    () => {},
    Object.assign(pino({ level: 'silent' }), { error: errors }),
  );
  const audited = (inode: number) => dumps.rounds.flat().filter((id) => id === inode).length;
  const living = () => [...aggregator.namespaces.all()].map(({ inode }) => inode);
  return { aggregator, loop, dumps, discovery, errors, audited, living };
}

describe('audits', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'hrtime'] });
    vi.spyOn(performance, 'now').mockImplementation(() => moment().ms);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

  async function started() {
    const all = setUp();
    const ready = all.loop.start();
    await pass(1);
    all.discovery.found(1, 2);
    await pass(0.1);
    await ready;
    return all;
  }

  it('go on in the namespaces that are known while discovery takes long', async () => {
    const { audited, discovery, loop } = await started();
    expect([audited(1), audited(2)]).toEqual([1, 1]);
    await pass(100);
    expect(discovery.asked).toBe(2);
    expect(audited(1)).toBeGreaterThanOrEqual(4);
    loop.stop();
  });

  it('go on from the last dump that ended well', async () => {
    const { aggregator, dumps, loop } = await started();
    const again = async (error: number) => {
      const before = dumps.bases.length;
      dumps.error = error;
      const namespace = aggregator.namespaces.livingAt(1);
      for (let tries = 0; tries < 20 && dumps.bases.length === before; tries++) {
        if (namespace !== null) namespace.lastSeen = moment().ms;
        await pass(1);
      }
    };
    for (const error of [0, 11, 0, 0]) await again(error);
    /* Namespaces 1 and 2 have a dump each in the first round, of which the generations are 1 and 2. */
    expect(dumps.bases).toEqual([0, 1, 3, 0, 5]);
    loop.stop();
  });

  it('take what discovery finds', async () => {
    const { audited, discovery, loop } = await started();
    await pass(11);
    discovery.found(1, 2, 3);
    await pass(11);
    expect(audited(3)).toBe(1);
    loop.stop();
  });

  it('ask for a discovery at once when something happens in a new namespace, and not again when that leaves it out', async () => {
    const { aggregator, discovery, loop } = await started();
    const namespace = aggregator.namespaces.of(7, 7);
    namespace.firstSeen = moment().ms * 1e6;
    namespace.lastSeen = moment().ms;
    await pass(1);
    expect(discovery.asked).toBe(2);
    discovery.found(1, 2);
    await pass(8);
    expect(discovery.asked).toBe(2);
    loop.stop();
  });

  it('go on, and say so once, when discovery fails', async () => {
    const { audited, discovery, errors, loop } = await started();
    for (let n = 0; n < 10; n++) {
      await pass(10);
      discovery.fails();
    }
    expect(audited(1)).toBeGreaterThanOrEqual(4);
    expect(errors).toHaveBeenCalledTimes(1);
    await pass(1);
    discovery.found(1);
    await pass(11);
    discovery.fails();
    await pass(1);
    expect(errors).toHaveBeenCalledTimes(2);
    loop.stop();
  });

  it('forget a namespace when a discovery that began after its last audit does not list it', async () => {
    const { discovery, living, loop } = await started();
    await pass(11);
    discovery.found(1);
    await pass(11);
    expect(living()).toEqual([1]);
    loop.stop();
  });

  it('keep a new namespace while the discovery that could list it goes on, however long', async () => {
    const { aggregator, audited, discovery, living, loop } = await started();
    const namespace = aggregator.namespaces.of(7, 7);
    namespace.firstSeen = moment().ms * 1e6;
    namespace.lastSeen = moment().ms;
    await pass(60);
    expect(living()).toContain(7);
    discovery.found(1, 2, 7);
    await pass(5);
    expect(audited(7)).toBe(1);
    loop.stop();
  });

  it('forget a new namespace when a discovery that began after its last event does not list it', async () => {
    const { aggregator, discovery, living, loop } = await started();
    const namespace = aggregator.namespaces.of(7, 7);
    namespace.firstSeen = moment().ms * 1e6;
    namespace.lastSeen = moment().ms;
    await pass(21);
    discovery.found(1, 2);
    await pass(11);
    expect(living()).toEqual([1, 2]);
    loop.stop();
  });

  it('keep a namespace that was audited after the list was made', async () => {
    const { discovery, living, loop } = await started();
    discovery.found(1);
    discovery.completeAsOf = 0;
    await pass(40);
    expect(living()).toEqual([1, 2]);
    loop.stop();
  });
});
