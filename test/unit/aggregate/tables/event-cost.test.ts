/** What an event costs does not depend on how much is in the tables. */
import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_LIMITS } from '../../../../src/aggregate/ingest/aggregator.js';
import { wantedBudget } from '../../../../src/aggregate/ingest/exhausted-budget.js';
import type { Destination } from '../../../../src/aggregate/model/destination.js';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import { Process } from '../../../../src/aggregate/model/process.js';
import { FlowTable } from '../../../../src/aggregate/tables/flow-table.js';
import type { TcpEvent } from '../../../../src/decode/batch.js';
import { parseSysctls, SYSCTL_FILES, type SysctlTexts } from '../../../../src/system/parse/sysctl.js';
import { AROUND, announced, established, exited, outbound, World } from '../../../support/aggregate-world.js';
import { microsecondsPerStep } from './cost.js';

/** A step near a limit may cost this many times what it costs far below: work that grows with a table costs hundreds of times. */
const SMALL_FACTOR = 10;

/** Processes one after the other, each of a program of its own: it opens a connection and exits. */
class ShortLives {
  next = 1;

  constructor(readonly world: World) {}

  run(count: number): void {
    for (let i = 0; i < count; i++) this.one();
  }

  one(): void {
    const id = this.next++;
    const open = established(outbound({ cookie: id, owner: id }));
    this.world.feed(announced(id, { exe: `/tmp/${id}`, comm: `c${id}` }), open, exited(id));
  }
}

/** Port `port` toward one host. */
const port = (number: number): Destination => ({ words: [0, 0, 0, 9], address: '10.0.0.9', port: number });

describe('an event costs the same', () => {
  it('when more processes exit than may be known, and all their rows are shown', { timeout: 60_000 }, () => {
    const lives = new ShortLives(new World());
    lives.run(1000);
    const before = microsecondsPerStep(600, () => lives.one());
    lives.run(DEFAULT_LIMITS.processes + 50 - lives.next);
    const after = microsecondsPerStep(600, () => lives.one());
    expect(after).toBeLessThan(before * SMALL_FACTOR);
    const { world } = lives;
    expect(world.aggregator.processes.size).toBeLessThanOrEqual(DEFAULT_LIMITS.processes);
    expect(world.sums()).toEqual({ opened: lives.next - 1, closed: 0, failed: 0 });
  });

  it('when a process with many rows calls exec() again and again: they are touched once, when changes are asked for', () => {
    const world = new World();
    world.feed(announced(1));
    const { flows, namespaces, processes } = world.aggregator;
    for (let i = 0; i < 1000; i++) flows.of(namespaces.of(1, 1), processes.find(1)!, 1, port(i));
    const touch = vi.spyOn(flows, 'touch');
    for (let i = 0; i < 10; i++) world.feed(announced(1));
    expect(touch).not.toHaveBeenCalled();
    expect(flows.takeDirty()).toHaveLength(1000);
    expect(touch).toHaveBeenCalledTimes(1000);
  });

  it('when a connect() without a source address fails and there are many budgets', {
    timeout: 60_000,
  }, () => {
    const costWith = (sources: number) => {
      const { budgets, flows, namespaces, processes } = new World().aggregator;
      const flow = flows.of(namespaces.of(1, 1), processes.unknown, 1, port(80));
      const from = (source: number) => {
        const localBytes = new Uint8Array(16);
        const localWord = (i: number) => (i === 3 ? source : 0);
        new DataView(localBytes.buffer).setUint32(12, source);
        return { localBytes, localWord } as unknown as TcpEvent;
      };
      for (let source = 1; source <= sources; source++) budgets.pin(budgets.of(flow, from(source))!);
      budgets.pin(budgets.of(flow, from(0))!);
      return microsecondsPerStep(2000, () => wantedBudget(budgets, flow, from(0)));
    };
    expect(costWith(19_000)).toBeLessThan(costWith(100) * SMALL_FACTOR);
  });

  it('when bind() takes and frees a port while many are taken, and the sum is asked for', () => {
    const costWith = (taken: number) => {
      const namespace = new Namespace('1', 1);
      namespace.sysctls = parseSysctls({
        ...(Object.fromEntries(SYSCTL_FILES.map((file) => [file, null])) as SysctlTexts),
        ip_local_port_range: '1024 65000',
        ip_local_reserved_ports: '3000',
      });
      for (let i = 0; i < taken; i++) namespace.blocked.add(2000 + i, 1);
      namespace.listen(1999, null);
      const cost = microsecondsPerStep(2000, () => {
        namespace.blocked.add(50_000, 1);
        expect(namespace.blockedPorts).toBeGreaterThan(taken);
        namespace.blocked.add(50_000, -1);
      });
      namespace.listen(2000, null);
      namespace.listen(60_000, null);
      namespace.blocked.add(3000, 1);
      const counted = namespace.blockedPorts;
      namespace.portsChanged();
      expect(counted).toBe(namespace.blockedPorts);
      return cost;
    };
    expect(costWith(40_000)).toBeLessThan(costWith(100) * SMALL_FACTOR);
  });

  it('whoever chooses the destinations', { timeout: 60_000 }, () => {
    const costOf = (words: (n: number) => Destination['words']) => {
      const flows = new FlowTable(100_000, new Process(0, AROUND));
      const [namespace, owner] = [new Namespace('1', 1), new Process(1, AROUND)];
      const to = (n: number): Destination => ({ words: words(n), address: `${n}`, port: 80 });
      for (let n = 0; n < 5000; n++) flows.of(namespace, owner, 1, to(n));
      let n = 0;
      return microsecondsPerStep(2000, () => flows.of(namespace, owner, 1, to(n++ % 5000)));
    };
    const usual = costOf((n) => [0, 0, 0xffff0000 | 0, n]);
    const chosen = costOf((n) => [0, n, n << 7, 9]);
    expect(chosen).toBeLessThan(usual * SMALL_FACTOR);
  });
});
