import { describe, expect, it } from 'vitest';
import { PortchurnError } from '../../../src/protocol/errors.js';
import { first, parseOrder } from '../../../src/query/order.js';
import { Entry, RowStore } from '../../../src/query/row-store.js';
import { RowVersions } from '../../../src/query/row-versions.js';
import { queryTable, Tables } from '../../../src/query/tables.js';
import { flow, proc, totals } from '../publish/rows.js';
import { MemorySource, random } from '../publish/world.js';

const keys = (entries: Iterable<Entry>) => [...entries].map((entry) => entry.key);

describe('order', () => {
  it('is by value, nulls last either way, ties by key', () => {
    const rows = [
      flow('d', { opened: 5 }),
      flow('b', { opened: null }),
      flow('a', { opened: null }),
      flow('c', { opened: 5 }),
      flow('e', { opened: 9 }),
    ].map((row) => new Entry(row));
    expect(keys(first(rows, parseOrder('flows', 'opened'), 9))).toEqual(['c', 'd', 'e', 'a', 'b']);
    expect(keys(first(rows, parseOrder('flows', '-opened'), 9))).toEqual(['e', 'c', 'd', 'a', 'b']);
  });

  it('reaches into objects and compares text', () => {
    const rows = ['zsh', 'ab', null].map((comm, i) => new Entry(flow(`k${i}`, { process: proc({ comm }) })));
    expect(keys(first(rows, parseOrder('flows', 'process.comm'), 3))).toEqual(['k1', 'k0', 'k2']);
  });

  it('picks the same rows with a limit as without one', () => {
    const next = random(3);
    const rows = Array.from(
      { length: 500 },
      (_, i) => new Entry(flow(`k${i}`, { opened: next(9) ? next(50) : null })),
    );
    for (const sort of ['opened', '-opened', 'key', '-key']) {
      const order = parseOrder('flows', sort);
      const whole = keys(first(rows, order, 500));
      for (const limit of [1, 2, 3, 17, 499, 500, 501]) {
        expect(keys(first(rows, order, limit)), `${sort} ${limit}`).toEqual(whole.slice(0, limit));
      }
    }
  });

  it('does not know every field', () => {
    for (const sort of ['nosuch', '-', 'process', 'lifetimeMs', 'process.nosuch', '--opened']) {
      expect(() => parseOrder('flows', sort), sort).toThrow(PortchurnError);
    }
  });
});

describe('row versions', () => {
  it('tells the difference to any tick that it remembers, and says when it does not', () => {
    const versions = new RowVersions(1, 2);
    const entry = (key: string) => ({ key, entry: new Entry(flow(key)) });
    const gone = (key: string) => ({ key, entry: null });
    versions.apply([entry('a'), entry('b'), entry('c')], 1);
    versions.apply([gone('a')], 2);
    versions.apply([entry('a'), gone('b')], 3);
    expect(versions.since(1)).toMatchObject({ set: [{ key: 'a' }], del: ['b'] });
    expect(versions.since(3)).toEqual({ set: [], del: [] });
    versions.apply([gone('a'), gone('c')], 4);
    expect(versions.since(2)).toBeNull();
    expect(versions.since(3)?.del).toEqual(['a', 'c']);
  });
});

describe('a row store', () => {
  it('makes the text of a row once', () => {
    const store = new RowStore();
    const [changed] = store.apply({ set: [flow('a')], del: [] });
    expect(changed?.entry?.json).toBe(changed?.entry?.json);
    expect(JSON.parse(changed?.entry?.json ?? '')).toEqual(flow('a'));
  });

  it('reports a row that is admitted no more as gone, and one that never was not at all', () => {
    const store = new RowStore((row) => 'opened' in row && row.opened !== 0);
    store.apply({ set: [flow('a')], del: [] });
    expect(store.apply({ set: [flow('a', { opened: 0 }), flow('b', { opened: 0 })], del: ['c'] })).toEqual([
      { key: 'a', entry: null },
    ]);
  });
});

describe('tables', () => {
  it('answer commands without a service as HTTP does', () => {
    const source = new MemorySource();
    source.flows.put(flow('a', { opened: 1 }), flow('b', { opened: 5 }), flow('c', { opened: 3 }));
    source.totals.put(totals('n'));
    const tables = new Tables(source);
    const body = queryTable(tables, ['flows'], { sort: '-opened', limit: 1 }, 1234);
    expect(body).toMatchObject({
      time: 1234,
      seq: 1,
      topics: {
        flows: { rows: [flow('b', { opened: 5 })], total: 3, other: { rows: 2, opened: 4, timeWait: 4 } },
      },
    });
    expect(Object.keys(body.topics)).toEqual(['flows']);
    expect(JSON.parse(tables.snapshotJson(['flows'], { sort: '-opened', limit: 1 }))).toEqual(body);
    expect(tables.views).toBe(0);
  });

  it('never publish what the service was configured to leave out', () => {
    const source = new MemorySource();
    source.flows.put(flow('a', { opened: 1 }), flow('b', { opened: 5 }));
    const body = queryTable(new Tables(source, 'opened:>2'), ['flows'], {}, 1);
    expect(body.topics.flows?.rows.map((row) => row.key)).toEqual(['b']);
  });

  it('write out a row of 100,000 only when it is visible, and once for all clients', () => {
    let written = 0;
    const toJSON = () => ({ n: ++written });
    const row = (portsHeld: number) => Object.assign(flow(`k${portsHeld}`, { portsHeld }), { toJSON });
    const work = (doing: () => void) => {
      written = 0;
      doing();
      return written;
    };
    const source = new MemorySource();
    source.flows.put(...Array.from({ length: 50_000 }, (_, i) => row(i)));
    source.flows.put(...Array.from({ length: 50_000 }, (_, i) => row(50_000 + i)));
    const tables = new Tables(source);
    expect(work(() => tables.collect(1))).toBe(0);
    const views = [tables.acquire('flows', {}), tables.acquire('flows', { limit: 5000 })];
    expect(work(() => views[0]?.snapshotTail().whole)).toBe(1000);
    expect(work(() => views[1]?.snapshotTail().whole)).toBe(4000);
    source.flows.put(...Array.from({ length: 1000 }, (_, i) => row(99_990 - i * 10)));
    expect(work(() => tables.collect(2))).toBe(0);
    expect(work(() => views[1]?.deltaTail(1)?.whole)).toBe(500);
    expect(work(() => views.map((view) => [view.deltaTail(1)?.whole, view.snapshotTail().whole]))).toBe(0);
    expect(work(() => tables.snapshotJson(['flows'], {}))).toBe(0);
  });

  it('take little of the processor with 100,000 rows', () => {
    const source = new MemorySource();
    const rows = Array.from({ length: 100_000 }, (_, i) => flow(`k${i}`, { portsHeld: i % 777 }));
    source.flows.put(...rows.slice(0, 50_000));
    source.flows.put(...rows.slice(50_000));
    const tables = new Tables(source);
    tables.collect(1);
    const view = tables.acquire('flows', { limit: 5000 });
    const before = process.cpuUsage();
    for (let round = 0; round < 5; round++) {
      source.flows.put(...rows.slice(0, 1000).map((row) => ({ ...row, portsHeld: round })));
      tables.collect(2 + round);
      view.deltaTail(1 + round)?.whole;
    }
    expect(process.cpuUsage(before).user / 1000 / 5).toBeLessThan(250);
    expect(view.total).toBe(100_000);
  });
});
