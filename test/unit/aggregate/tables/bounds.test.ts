/** The sizes the service promises to carry, in memory that it does not exceed. */
import { describe, expect, it } from 'vitest';
import { Aggregator, DEFAULT_LIMITS } from '../../../../src/aggregate/ingest/aggregator.js';
import { Budget } from '../../../../src/aggregate/model/budget.js';
import { NO_DESTINATION } from '../../../../src/aggregate/model/destination.js';
import { Namespace } from '../../../../src/aggregate/model/namespace.js';
import type { ProcessContext } from '../../../../src/aggregate/model/process.js';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { bindPoolRows, MAX_BOUND_POOLS } from '../../../../src/aggregate/rows/bind-pools.js';
import { OTHER_PROGRAMS } from '../../../../src/aggregate/tables/program-table.js';
import { Batch } from '../../../../src/decode/batch.js';
import { Decoder } from '../../../../src/decode/decoder.js';
import { DIRECTION, END, EVENT, FLAG, offsetsOf, sizeOf } from '../../../../src/decode/layout.js';
import { announced, established, exited, outbound, World } from '../../../support/aggregate-world.js';
import { addressBytes, processEvent, tcpEvent } from '../../../support/records.js';

const AROUND: ProcessContext = {
  startTimeMs: (ticks) => ticks * 10,
  cgroupPath: () => null,
  cgroupSeen: () => undefined,
  partOf: () => ({ container: null, unit: null }),
  containerFacts: () => null,
  selfPid: 1,
  redact: false,
};
const T = offsetsOf('tcp_event');
/** Computed once: the table of the layout is read for it, and here are millions of events. */
const TCP_BYTES = sizeOf('tcp_event');
const MB = 1024 * 1024;
/** After so many connections the next source address: no two have the same ends. */
const PORTS = 60_000;

/** One record in a batch, changed in place for each event: a million of them cost no object. */
class Feed {
  readonly aggregator = new Aggregator(AROUND);
  private readonly decoder = new Decoder(new Batch(sizeOf('process_event')));
  private readonly view = new DataView(this.decoder.batch.u8.buffer);
  private cookie = 0;

  announce(id: number, tgid: number): void {
    const bytes = processEvent({ id, tgid, comm: 'many', exe: '/bin/many', cmdline: ['many'] });
    this.decoder.batch.u8.set(bytes);
    this.decoder.decode(bytes.length, this.aggregator);
  }

  /** The next connection of a process, toward a destination by number. Returns its cookie. */
  open(owner: number, destination: number): number {
    this.cookie += 1;
    this.write(EVENT.ESTABLISHED, owner, destination, this.cookie);
    return this.cookie;
  }

  close(owner: number, destination: number, cookie: number, end: number): void {
    this.write(EVENT.CLOSED, owner, destination, cookie, end);
  }

  private write(type: number, owner: number, destination: number, cookie: number, end = 0): void {
    if (this.view.getUint16(0, true) !== type) this.decoder.batch.u8.set(TEMPLATES.get(type) as Uint8Array);
    this.view.setUint32(T.cookie, cookie, true);
    this.view.setUint32(T.owner, owner, true);
    this.view.setUint32(T.owner_tgid, owner, true);
    this.view.setUint16(T.lport, 1 + (cookie % PORTS), true);
    this.view.setUint8(T.laddr + 14, cookie / PORTS);
    this.view.setUint32(T.raddr + 12, destination, true);
    this.view.setUint8(T.end, end);
    this.decoder.decode(TCP_BYTES, this.aggregator);
  }
}

const TEMPLATES = new Map([EVENT.ESTABLISHED, EVENT.CLOSED].map((type) => [type as number, template(type)]));

function template(type: number): Uint8Array {
  return tcpEvent(type, {
    time_ns: 1_000_000_000_000n,
    netns_cookie: 1n,
    netns_inum: 4_026_531_840,
    laddr: addressBytes('10.0.0.1'),
    raddr: addressBytes('10.0.0.2'),
    rport: 443,
    direction: DIRECTION.OUT,
    newstate: type === EVENT.CLOSED ? 7 : 1,
    flags: type === EVENT.CLOSED ? FLAG.OPEN_SENT | FLAG.CLOSED_FIRST : 0,
  });
}

function sums(aggregator: Aggregator): { opened: number; closed: number; timeWait: number } {
  const total = { opened: 0, closed: 0, timeWait: 0 };
  for (const flow of aggregator.flows.all()) {
    total.opened += flow.opened;
    total.closed += flow.closed;
    total.timeWait += flow.timeWait;
  }
  return total;
}

describe('bounds', () => {
  it('hold a million live connections and 250,000 TIME_WAIT entries in 120 MB of tables', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 250_000; i++) feed.close(1, i % 50, feed.open(1, i % 50), END.TIME_WAIT);
    for (let i = 0; i < 1_000_000; i++) feed.open(1, i % 50);
    expect(feed.aggregator.sockets.size).toBe(1_250_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(120 * MB);
    expect(sums(feed.aggregator)).toEqual({ opened: 1_250_000, closed: 250_000, timeWait: 250_000 });
  });

  it('count what does not fit into the table of sockets all the same', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    const over = DEFAULT_LIMITS.sockets + 1000;
    const cookies = Array.from({ length: over }, () => feed.open(1, 0));
    expect(feed.aggregator.sockets.size).toBe(DEFAULT_LIMITS.sockets);
    for (const cookie of cookies) feed.close(1, 0, cookie, END.PASSIVE);
    expect(feed.aggregator.sockets.size).toBe(0);
    expect(sums(feed.aggregator)).toEqual({ opened: over, closed: over, timeWait: 0 });
  });

  it('keep the totals exact beyond 100,000 flows', () => {
    const feed = new Feed();
    feed.announce(1, 100);
    for (let i = 0; i < 120_000; i++) feed.close(1, i, feed.open(1, i), END.PASSIVE);
    expect(feed.aggregator.flows.size).toBeLessThanOrEqual(DEFAULT_LIMITS.flows + 1);
    expect(sums(feed.aggregator)).toEqual({ opened: 120_000, closed: 120_000, timeWait: 0 });
    expect([...feed.aggregator.namespaces.all()][0]).toMatchObject({ opened: 120_000, closed: 120_000 });
  });
});

/** Process `id` opens a connection to a port of its own. */
function opens(world: World, id: number, more: { netns?: number; remote?: string } = {}): void {
  world.feed(established(outbound({ cookie: id, owner: id, port: 1 + (id % 60_000), ...more })));
}

function runs(world: World, id: number): void {
  world.feed(announced(id, { exe: `/tmp/${id}`, comm: `c${id}` }));
}

const sumsOf = (opened: number) => ({ opened, closed: 0, failed: 0 });

describe('with exact sums', () => {
  it('processes whose exit nobody saw go, the quiet ones first, and count for their programs', () => {
    const world = new World({ processes: 100 });
    for (let id = 1; id <= 1000; id++) {
      runs(world, id);
      opens(world, id);
      opens(world, 1);
      expect(world.aggregator.processes.size).toBeLessThanOrEqual(100);
    }
    expect(world.sums()).toEqual(sumsOf(2000));
    expect(world.flows().find(({ process }) => process.pid === 1001)?.opened).toBeGreaterThan(900);
    expect(world.flows().find(({ process }) => process.exe === '/tmp/500')?.process).toMatchObject({
      pid: null,
      exited: null,
    });
  });

  it('programs beyond the limit are one, and those used last are kept', () => {
    const world = new World({ processes: 20, programs: 50 });
    for (let id = 1; id <= 1000; id++) {
      runs(world, id);
      opens(world, id);
      world.feed(exited(id));
      expect(world.aggregator.programs.size).toBeLessThanOrEqual(50);
    }
    expect(world.sums()).toEqual(sumsOf(1000));
    const others = world.flows().filter(({ program }) => program === OTHER_PROGRAMS);
    expect(others.reduce((sum, { opened }) => sum + (opened ?? 0), 0)).toBe(1000 - 20 - 50);
    expect(world.aggregator.programs.rolledUp).toBe(1000 - 20 - 50);
    expect(world.aggregator.fullTables()).toEqual(['programs']);
    expect(world.flows().some(({ process }) => process.exe === '/tmp/970')).toBe(true);
  });

  it('a dead process counts for the other programs once its own is one of them', () => {
    const world = new World({ programs: 10 });
    runs(world, 1);
    opens(world, 1);
    world.feed(exited(1));
    world.settle();
    world.pass(601_000);
    world.settle();
    for (let id = 2; id <= 40; id++) {
      runs(world, id);
      opens(world, id);
      world.feed(exited(id));
      world.settle();
    }
    opens(world, 1);
    expect(world.flows().find(({ program }) => program === OTHER_PROGRAMS)?.opened).toBe(2);
    expect(world.sums()).toEqual(sumsOf(41));
  });

  it('flows toward unknown destinations count for nobody when they are too many too', () => {
    const world = new World({ flows: 100 });
    for (let id = 1; id <= 1000; id++) {
      opens(world, id);
      opens(world, id);
    }
    expect(world.aggregator.flows.size).toBeLessThanOrEqual(100 * 1.1 + 2);
    expect(world.sums()).toEqual(sumsOf(2000));
    expect(world.totals()).toEqual(sumsOf(2000));
  });

  it('namespaces beyond the limit are one', () => {
    const world = new World({ namespaces: 20 });
    for (let id = 1; id <= 200; id++) opens(world, 1, { netns: id });
    const all = [...world.aggregator.namespaces.all()];
    expect(all).toHaveLength(21);
    expect(all.find(({ inode }) => inode === 0)?.opened).toBe(180);
    expect(world.totals()).toEqual(sumsOf(200));
    expect(world.aggregator.fullTables()).toEqual(['namespaces']);
  });

  it('namespaces that went are forgotten in one pass for all, in slices', () => {
    const world = new World();
    for (let id = 1; id <= 100; id++) opens(world, id, { netns: id % 50 });
    const { namespaces, sockets } = world.aggregator;
    const gone = new Set([...namespaces.all()].slice(0, 49));
    const reconciler = new Reconciler(world.aggregator, world.folds);
    let slices = 0;
    for (let at = 0; at >= 0; at = reconciler.forget(gone, at, 30)) slices += 1;
    expect([slices, sockets.size, namespaces.size]).toEqual([4, 2, 1]);
  });

  it('a namespace that comes back goes on with its counts', () => {
    const world = new World();
    opens(world, 1);
    const [namespace] = world.aggregator.namespaces.all();
    world.aggregator.namespaces.delete(namespace!);
    opens(world, 2);
    expect(world.totals()).toEqual(sumsOf(2));
    expect(world.aggregator.namespaces.takeGone()).toEqual([]);
  });

  it('the rows of one process move to its program in pieces', { timeout: 60_000 }, () => {
    const feed = new Feed();
    feed.announce(1, 100);
    for (let i = 0; i < 12_000; i++) feed.open(1, i);
    const { aggregator } = feed;
    aggregator.exit({ id: 1, timeNs: 1e12 });
    const own = aggregator.processes.find(1)!;
    aggregator.dead.settle(1e6);
    aggregator.dead.settle(3e6);
    const left: number[] = [];
    for (; own.rows > 0; aggregator.dead.settle(3e6)) {
      left.push(own.rows);
      expect(sums(aggregator).opened).toBe(12_000);
    }
    expect(left.length).toBeGreaterThan(1);
    expect(Math.max(...left)).toBeGreaterThan(5000);
  });

  it('a child of a child of a child holds no line of parents', () => {
    const world = new World({ processes: 10 });
    for (let id = 2; id <= 200; id++) world.feed(announced(id, { parent: id - 1 }), exited(id - 1));
    let length = 0;
    for (let at = world.aggregator.processes.find(200); at !== null; at = at.parent) length += 1;
    expect(length).toBeLessThan(13);
  });

  it('only the sources that most connections are bound to have a row of their bind pool', () => {
    const budgets = Array.from({ length: 500 }, (_, n) => {
      const namespace = new Namespace('1', 4_026_531_840);
      const budget = new Budget(n, `b${n}`, namespace, `10.0.${n >> 8}.${n & 255}`, NO_DESTINATION);
      budget.bound = n;
      return budget;
    });
    const rows = bindPoolRows(budgets, new World().aggregator.sockets, 1e12);
    expect(rows).toHaveLength(MAX_BOUND_POOLS);
    expect(rows[0]?.source.address).toBe('10.0.1.243');
  });
});
