import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Namespace } from '../../../src/aggregate/model/namespace.js';
import { NamespaceTable } from '../../../src/aggregate/tables/namespace-table.js';
import type { DumpTarget } from '../../../src/capture/native.js';
import type { DumpSink } from '../../../src/decode/dump.js';
import { DUMP_FILES } from '../../../src/decode/dump-layout.js';
import type { DumpReader } from '../../../src/engine/dump-reader.js';
import { moment } from '../../../src/engine/moment.js';
import { SettingsLoop } from '../../../src/engine/settings-loop.js';
import type { Netns, NetworkNamespaces } from '../../../src/system/netns.js';

/** A dumper that answers when it is told to, with a port range of `size` ports from every namespace. */
class Dumps {
  readonly rounds: DumpTarget[][] = [];
  size = 100;
  startedNs = 1e9;
  /** Namespaces that were found to be another one. */
  replaced = new Set<number>();
  answer: (() => void) | null = null;
  waits = false;

  async dump(targets: readonly DumpTarget[], sink: DumpSink): Promise<void> {
    this.rounds.push([...targets]);
    if (this.waits) await new Promise<void>((resolve) => (this.answer = resolve));
    for (const target of targets) this.give(target, sink);
  }

  close(): void {}

  private give({ id, path }: DumpTarget, sink: DumpSink): void {
    const inode = Number(path.split('/')[2]);
    const cookie = this.replaced.has(inode) ? 9999 : inode;
    const { startedNs } = this;
    sink.begin({ id, error: 0, startedNs, netnsLow: cookie, netnsHigh: 0, netnsInum: inode } as never);
    const text = `40000\t${39_999 + this.size}\n`;
    sink.text({ file: DUMP_FILES[0], text, offset: 0, isLast: true, isCut: false } as never);
    sink.end({ error: 0 } as never);
  }
}

function setUp(count: number) {
  const table = new NamespaceTable(5000);
  const namespaces: Namespace[] = [];
  for (let inode = 1; inode <= count; inode++) {
    const namespace = table.of(inode, inode);
    namespace.budgets = 1;
    namespace.lastSeen = Number.MAX_SAFE_INTEGER;
    namespaces.push(namespace);
  }
  const list = () =>
    namespaces.map(({ inode }): Netns => ({ inode, name: null, pid: inode, mountPath: null, fileNs: null }));
  const listed = { list, suggest: vi.fn() };
  const dumps = new Dumps();
  const log = pino({ level: 'silent' });
  const loop = new SettingsLoop(
    dumps as unknown as DumpReader,
    table,
    listed as unknown as NetworkNamespaces,
    log,
  );
  loop.start();
  return { namespaces, dumps, listed, loop };
}

const busy = (namespaces: readonly Namespace[]) => {
  for (const namespace of namespaces) namespace.lastSeen = moment().unixMs;
};

describe('settings between audits', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'hrtime'] }));
  afterEach(() => vi.useRealTimers());
  const rounds = async (count: number, each: () => void = () => {}) => {
    for (let n = 0; n < count; n++) {
      each();
      await vi.advanceTimersByTimeAsync(750);
    }
  };

  it('are read in every round where there is a budget, and every ten seconds where nothing happens', async () => {
    const { namespaces, dumps } = setUp(3);
    const [active, idle, without] = namespaces as [Namespace, Namespace, Namespace];
    idle.lastSeen = 0;
    without.budgets = 0;
    await rounds(26, () => busy([active]));
    const read = (inode: number) =>
      dumps.rounds.flat().filter(({ path }) => path === `/proc/${inode}/ns/net`).length;
    expect([read(1), read(2), read(3)]).toEqual([26, 2, 0]);
    expect(dumps.rounds.flat().every(({ settingsOnly }) => settingsOnly)).toBe(true);
  });

  it('change the namespace when they changed, and nothing else does', async () => {
    const { namespaces, dumps } = setUp(1);
    const [one] = namespaces as [Namespace];
    await rounds(1, () => busy(namespaces));
    const before = one.sysctls;
    expect(before?.usablePorts).toBe(100);
    await rounds(1, () => busy(namespaces));
    expect(one.sysctls).toBe(before);
    dumps.size = 50;
    await rounds(1, () => busy(namespaces));
    expect(one.sysctls?.usablePorts).toBe(50);
  });

  it('are not those of another namespace that has the inode now, nor older than what is known', async () => {
    const { namespaces, dumps } = setUp(1);
    const [one] = namespaces as [Namespace];
    await rounds(1, () => busy(namespaces));
    dumps.size = 50;
    dumps.replaced.add(1);
    await rounds(1, () => busy(namespaces));
    dumps.replaced.clear();
    dumps.startedNs = 0.5e9;
    await rounds(1, () => busy(namespaces));
    expect(one.sysctls?.usablePorts).toBe(100);
  });

  it('of hundreds of namespaces are read in turn, so many in each round', async () => {
    const { namespaces, dumps } = setUp(200);
    await rounds(5, () => busy(namespaces));
    expect(dumps.rounds.map(({ length }) => length)).toEqual([40, 40, 40, 40, 40]);
    expect(new Set(dumps.rounds.flat().map(({ path }) => path)).size).toBe(200);
  });

  it('wait for the round before', async () => {
    const { namespaces, dumps } = setUp(1);
    dumps.waits = true;
    await rounds(3, () => busy(namespaces));
    expect(dumps.rounds).toHaveLength(1);
    dumps.answer?.();
    await rounds(1, () => busy(namespaces));
    expect(dumps.rounds).toHaveLength(2);
  });

  it('of a namespace that is not listed yet are asked for again when it is', async () => {
    const { namespaces, dumps, listed } = setUp(1);
    const [one] = namespaces.splice(0) as [Namespace];
    await rounds(1, () => busy([one]));
    expect(listed.suggest).toHaveBeenCalledOnce();
    expect(dumps.rounds).toHaveLength(0);
    namespaces.push(one);
    await rounds(1, () => busy([one]));
    expect(dumps.rounds).toHaveLength(1);
  });

  it('are read no more after the end', async () => {
    const { dumps, loop } = setUp(1);
    loop.stop();
    await rounds(3);
    expect(dumps.rounds).toEqual([]);
  });
});
