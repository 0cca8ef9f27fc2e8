/** The lesser tables, filled: each of them has an end, however long the service runs. */
import { describe, expect, it } from 'vitest';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import { Namer } from '../../../../src/aggregate/model/program-name.js';
import { PolledOwners } from '../../../../src/aggregate/reconcile/polled-owners.js';
import { EmptyPools } from '../../../../src/aggregate/tables/empty-pools.js';
import { NamespaceTable } from '../../../../src/aggregate/tables/namespace-table.js';
import { commandOf } from '../../../../src/system/parse/command.js';
import { announced, established, outbound, World } from '../../../support/aggregate-world.js';

describe('however long the service runs,', () => {
  it('budgets beyond the limit have no row, and their connections count', () => {
    const world = new World({ budgets: 50 });
    world.feed(announced(1));
    for (let cookie = 1; cookie <= 500; cookie++) {
      world.feed(established(outbound({ cookie, owner: 1, port: cookie })));
      expect(world.aggregator.budgets.size).toBeLessThanOrEqual(50);
    }
    expect(world.totals()).toEqual({ opened: 500, closed: 0, failed: 0 });
    expect(world.aggregator.fullTables()).toEqual(['budgets']);
  });

  it('of deleted namespaces the last thousand are remembered', () => {
    const table = new NamespaceTable(10);
    for (let cookie = 1; cookie <= 5000; cookie++) {
      const namespace = table.of(cookie, cookie);
      namespace.opened = 1;
      table.delete(namespace);
      table.takeGone();
    }
    let remembered = 0;
    for (let cookie = 5000; cookie > 0; cookie--) {
      const namespace = table.of(cookie, cookie);
      remembered += namespace.opened;
      namespace.opened = 0;
      table.delete(namespace);
    }
    expect(remembered).toBe(1024);
  });

  it('bind pools that were found empty are 256, until they are old', () => {
    const pools = new EmptyPools();
    const namespace = new Namespace('1', 1);
    for (let n = 0; n < 5000; n++) pools.note({ namespace, source: `10.0.${n >> 8}.${n & 255}` }, 1, 1000);
    expect([...pools.fresh(1000)]).toHaveLength(256);
    expect([...pools.fresh(100_000)]).toEqual([]);
  });

  it('names without arguments have numbers for 5,000 scripts, then hashes', () => {
    const namer = new Namer(true);
    const names = Array.from({ length: 6000 }, (_, n) => {
      const args = { head: ['python3', `/srv/${n}.py`], tail: null };
      const command = commandOf('/usr/bin/python3', 'python3', args);
      return namer.namesOf({ exe: '/usr/bin/python3', comm: 'python3', command }).name;
    });
    expect(names.filter((name) => /^python3 #\d{1,4}$/.test(name ?? ''))).toHaveLength(5000);
    expect(names[5999]).toMatch(/^python3 #[0-9a-f]{12}$/);
  });

  it('processes that were polled have ids for as long as they are known', () => {
    const world = new World({ processes: 100 });
    const owners = new PolledOwners(world.aggregator);
    for (let pid = 1; pid <= 20_000; pid++) owners.of({ pid, startTicks: pid });
    expect(owners.size).toBeLessThanOrEqual(1200);
    const again = { pid: 20_000, startTicks: 20_000 };
    expect(owners.of(again)).toBe(owners.of(again));
    expect(world.aggregator.processes.size).toBeLessThanOrEqual(100);
  });
});
