import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { causeOf, type FailureFacts } from '../../../../src/aggregate/model/cause.js';
import { Failure, type FailureKind } from '../../../../src/aggregate/model/failure.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { FailureSource } from '../../../../src/aggregate/rows/failure-source.js';
import { DIRECTION, END, EVENT, FAILURE_FLAG, FLAG } from '../../../../src/decode/layout.js';
import { type Cause, FailureRow } from '../../../../src/protocol/rows.js';
import type { NetSysctls } from '../../../../src/system/parse/sysctl.js';
import {
  announced,
  type Connection,
  closed,
  established,
  eventOf,
  exited,
  failed,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';
import { addressBytes, foldEntry } from '../../../support/records.js';

const valid = Compile(FailureRow);
const EADDRNOTAVAIL = 99;

/** A world and its failures as a client has them. */
function setUp(limits = {}) {
  const world = new World(limits);
  const source = new FailureSource(world.aggregator);
  const rows = new Map<string, FailureRow>();
  const read = () => {
    const { set, del } = source.collect(world.now);
    for (const key of del) rows.delete(key);
    for (const row of set) {
      expect([...valid.Errors(row)]).toEqual([]);
      rows.set(row.key, row);
    }
    return [...rows.values()];
  };
  world.feed(announced(1), announced(2), announced(3));
  return { world, read };
}

const sum = (rows: readonly FailureRow[]) => rows.reduce((total, { count }) => total + count, 0);

const bindFailed = (owner: number, err: number, port: number, address = '127.0.0.1') =>
  eventOf(outbound({ owner, direction: DIRECTION.NONE }), EVENT.BIND_FAILED, {
    err,
    laddr: addressBytes(address),
    lport: port,
    raddr: addressBytes('0.0.0.0'),
    rport: 0,
    oldstate: 7,
    newstate: 7,
  });

const noPort = (connection: Connection) => failed(connection, EADDRNOTAVAIL);

function settings(low: number, high: number): NetSysctls {
  return {
    portRange: [low, high],
    reserved: new Set<number>(),
    reservedPorts: 0,
    usablePorts: high - low + 1,
    tcpTwReuse: 0,
    tcpTwReuseDelayMs: 1000,
    tcpTimestamps: 1,
    tcpFinTimeout: 60,
    tcpMaxTwBuckets: 1000,
  } as unknown as NetSysctls;
}

/** What an audit brings: settings, and that it began just now. */
function audit(world: World, low: number, high: number): void {
  world.pass(1);
  for (const namespace of world.aggregator.namespaces.all()) {
    namespace.sysctls = settings(low, high);
    namespace.portsChanged();
    namespace.auditedAt = (world.now - world.aggregator.unixMsAtZero) * 1e6;
  }
}

describe('a cause', () => {
  const facts: FailureFacts = { type: EVENT.FAILED, err: 0, end: 0, flags: 0, localPort: 0 };
  const bind = { ...facts, type: EVENT.BIND_FAILED };
  it.each<[Cause, FailureFacts]>([
    ['refused', { ...facts, err: 111 }],
    ['timed-out', { ...facts, err: 110 }],
    ['unreachable', { ...facts, err: 113 }],
    ['unreachable', { ...facts, err: 101 }],
    ['reset', { ...facts, err: 104 }],
    ['not-permitted', { ...facts, err: 13 }],
    ['not-permitted', { ...facts, err: 1 }],
    ['no-memory', { ...facts, err: 12 }],
    ['other', { ...facts, err: 22 }],
    ['aborted', { ...facts, end: END.ABORTED }],
    ['unreachable', { ...facts, end: END.ABORTED, err: 113 }],
    ['ports-exhausted', { ...facts, err: 99 }],
    ['tuple-in-use', { ...facts, err: 99, flags: FLAG.BOUND_BEFORE }],
    ['no-source-address', { ...facts, err: 99, flags: FAILURE_FLAG.NO_SOURCE }],
    ['other', { ...facts, err: 99, flags: FAILURE_FLAG.OWN_RANGE }],
    ['tuple-in-use', { ...facts, err: 99, flags: FAILURE_FLAG.OWN_RANGE | FLAG.BOUND_BEFORE }],
    ['foreign-address', { ...bind, err: 99 }],
    ['bind-pool-exhausted', { ...bind, err: 98 }],
    ['port-in-use', { ...bind, err: 98, localPort: 80 }],
    ['not-permitted', { ...bind, err: 13, localPort: 80 }],
    ['other', { ...bind, err: 22 }],
  ])('is %s of %o', (cause, event) => {
    expect(causeOf(event)).toBe(cause);
  });
});

/** Of a failure that the world has. */
function kindOf(world: World): FailureKind {
  world.feed(failed(outbound()));
  const [first] = world.aggregator.failures.table.all();
  return (first as Failure).kind;
}

describe('failures', () => {
  it('are counted per process, destination, call, errno and cause', () => {
    const { world, read } = setUp();
    world.feed(
      failed(outbound()),
      failed(outbound({ cookie: 2 })),
      failed(outbound({ cookie: 3 }), 110),
      failed(outbound({ cookie: 4, port: 80 })),
      failed(outbound({ cookie: 5, owner: 2 })),
      failed(inbound({ cookie: 6 })),
    );
    const shown = read().map(({ process, direction, destination, errno, cause, count }) =>
      [process.pid, direction, destination.port, errno, cause, count].join(' '),
    );
    expect(shown).toEqual([
      '1001 out 5432 ECONNREFUSED refused 2',
      '1001 out 5432 ETIMEDOUT timed-out 1',
      '1001 out 80 ECONNREFUSED refused 1',
      '1002 out 5432 ECONNREFUSED refused 1',
      '1001 in 80 ECONNREFUSED refused 1',
    ]);
  });

  it('say when, how fast and at what rate no more', () => {
    const { world, read } = setUp();
    world.feed(failed(outbound()));
    const first = Math.round(world.now);
    world.pass(4000);
    world.feed(...Array.from({ length: 9 }, (_, n) => failed(outbound({ cookie: n + 2 }))));
    expect(read()).toMatchObject([
      { count: 10, firstSeen: first, lastSeen: Math.round(world.now), perSec: 2.5 },
    ]);
    world.pass(20_000);
    expect(read()).toMatchObject([{ count: 10, perSec: 0 }]);
  });

  it('of bind() count for no flow and no attempt, but by errno', () => {
    const { world, read } = setUp();
    world.feed(
      bindFailed(1, 98, 0),
      bindFailed(1, 98, 0),
      bindFailed(1, 98, 80),
      bindFailed(2, 99, 0, '10.9.9.9'),
    );
    expect(read()).toMatchObject([
      {
        call: 'bind',
        cause: 'bind-pool-exhausted',
        count: 2,
        destination: { address: '127.0.0.1', port: 0 },
      },
      { call: 'bind', cause: 'port-in-use', count: 1, destination: { port: 80 }, budget: null },
      { call: 'bind', cause: 'foreign-address', direction: null, process: { pid: 1002 } },
    ]);
    expect(read()[0]?.budget).toBe('1/127.0.0.1/bind');
    expect(world.flows()).toEqual([]);
    expect(world.totals().failed).toBe(0);
    const [namespace] = world.aggregator.namespaces.all();
    expect(Object.fromEntries(namespace?.failuresByErrno ?? [])).toEqual({ EADDRINUSE: 3, EADDRNOTAVAIL: 1 });
  });

  it('of bind() that found no port show the pool for a minute, that of any address with all ports', () => {
    const { world, read } = setUp();
    const budgets = new BudgetSource(world.aggregator);
    const pools = () => budgets.collect(world.now).set.filter(({ kind }) => kind === 'bind-pool');
    world.feed(established(outbound()), bindFailed(2, 98, 0, '0.0.0.0'), bindFailed(2, 98, 0, '10.0.0.7'));
    audit(world, 40_000, 40_003);
    expect(pools()).toMatchObject([
      { key: '1/0.0.0.0/bind', used: 1, limit: 4, holders: [{ ports: 1, process: { pid: 1001 } }] },
      { key: '1/10.0.0.7/bind', used: 0, limit: 4, holders: [] },
    ]);
    expect(read().map(({ budget }) => budget)).toEqual(['1/0.0.0.0/bind', '1/10.0.0.7/bind']);
    world.pass(61_000);
    expect(pools()).toEqual([]);
  });

  it('are counted by errno for the namespace, and for the budget that holds ports', () => {
    const { world } = setUp();
    world.feed(
      established(outbound()),
      failed(outbound({ cookie: 2 })),
      failed(outbound({ cookie: 3, port: 80 })),
    );
    world.feed(
      eventOf(outbound({ cookie: 4 }), EVENT.FAILED, { end: END.ABORTED, oldstate: 2, newstate: 7 }),
    );
    const [namespace] = world.aggregator.namespaces.all();
    expect(Object.fromEntries(namespace?.failuresByErrno ?? [])).toEqual({ ECONNREFUSED: 2, aborted: 1 });
    const [budget] = world.aggregator.budgets.all();
    expect(Object.fromEntries(budget?.failuresByErrno ?? [])).toEqual({ ECONNREFUSED: 1, aborted: 1 });
  });

  it('count attempts apart that nobody answered, whoever gave them up, and say how long the last ones waited', () => {
    const { world, read } = setUp();
    const gaveUp = (cookie: number, ms: number, flags = 0, owner = 1) =>
      eventOf(outbound({ cookie, owner }), EVENT.FAILED, {
        ...{ end: END.ABORTED, oldstate: 2, newstate: 7, duration_ns: ms * 1e6, flags },
      });
    world.feed(gaveUp(1, 250), gaveUp(2, 899), gaveUp(3, 1003), gaveUp(4, 120, FLAG.RETRIED));
    world.feed(gaveUp(5, 250, 0, 2), eventOf(outbound({ cookie: 6, owner: 3 }), EVENT.FAILED, { err: 110 }));
    world.feed(failed(outbound({ cookie: 7 })));
    const of = (cause: Cause, pid: number) =>
      read().find((row) => row.cause === cause && row.process.pid === pid);
    expect(of('aborted', 1001)).toMatchObject({
      count: 4,
      unanswered: 2,
      unansweredPerSec: 2,
      waitedMs: 378,
    });
    expect(of('aborted', 1002)).toMatchObject({
      count: 1,
      unanswered: 0,
      unansweredPerSec: 0,
      waitedMs: 250,
    });
    expect(of('timed-out', 1003)).toMatchObject({ count: 1, unanswered: 1, waitedMs: null });
    expect(of('refused', 1001)).toMatchObject({ count: 1, unanswered: 0, waitedMs: null });
  });

  it('keep what nobody answered when they are rolled up', () => {
    const { world } = setUp();
    const unit = () => new Failure({ ...kindOf(world), cause: 'aborted', err: 0 });
    const [into, from] = [unit(), unit()];
    into.add(3, 5000);
    into.waitedMs = 250;
    for (const second of [100, 101]) from.addUnanswered(second);
    from.add(2, 6000);
    from.waitedMs = 1003;
    into.absorb(from);
    expect(into).toMatchObject({ count: 5, unanswered: 2, waitedMs: 1003 });
    expect(into.unansweredRates?.perSecond(0, 101)).toBe(1);
    into.absorb(unit());
    expect(into).toMatchObject({ unanswered: 2, waitedMs: 1003 });
  });

  it('show more of their process once it is known', () => {
    const { world, read } = setUp();
    world.feed(failed(outbound()));
    expect(read()).toMatchObject([{ process: { comm: 'curl', exited: false } }]);
    world.feed(announced(1, { comm: 'wget', exe: '/usr/bin/wget' }), exited(1));
    expect(read()).toMatchObject([{ process: { comm: 'wget', exited: true }, count: 1 }]);
  });

  it('fold with their dead process into its program, one sum for all', () => {
    const { world, read } = setUp();
    for (let id = 10; id < 110; id++)
      world.feed(
        announced(id),
        failed(outbound({ owner: id, cookie: id })),
        bindFailed(id, 98, 80),
        exited(id),
      );
    world.pass(3000);
    world.settle();
    const rows = read();
    expect(sum(rows)).toBe(200);
    expect(rows).toHaveLength(2 * 64 + 2);
    const folded = rows.filter(({ process }) => process.pid === null);
    expect(folded.map(({ call, count }) => [call, count])).toEqual([
      ['connect', 36],
      ['bind', 36],
    ]);
    expect(folded[0]?.process).toMatchObject({ comm: 'curl', exited: true });
    expect(new Set(rows.map(({ program }) => program))).toEqual(new Set(['curl (bash)']));
  });

  it('of a dead process with nothing but a failed bind() keep its row', () => {
    const { world, read } = setUp();
    world.feed(announced(10), bindFailed(10, 98, 80), exited(10));
    world.pass(3000);
    world.settle();
    expect(read()).toMatchObject([{ process: { pid: 1010, exited: true }, count: 1 }]);
  });

  it('beyond the bound count for their process, then for the namespace: no count is lost', () => {
    const { world, read } = setUp({ failures: 10 });
    for (let n = 0; n < 50; n++) world.feed(failed(outbound({ cookie: n + 1, port: 1000 + n })));
    for (let n = 0; n < 50; n++) world.feed(failed(outbound({ cookie: n + 100, owner: 2, port: 1000 + n })));
    const rows = read();
    expect(sum(rows)).toBe(100);
    expect(rows).toHaveLength(12);
    expect(rows.slice(-2)).toMatchObject([
      { process: { pid: 1001 }, destination: { address: null, port: null }, count: 40, cause: 'refused' },
      { process: { pid: null }, destination: { address: null, port: null }, count: 50, cause: 'refused' },
    ]);
  });

  it('make room for new ones when they are long over', () => {
    const { world, read } = setUp({ failures: 10 });
    for (let n = 0; n < 10; n++) world.feed(failed(outbound({ cookie: n + 1, port: 1000 + n })));
    world.pass(700_000);
    world.feed(failed(outbound({ cookie: 90, port: 2000 })));
    const rows = read();
    expect(rows.map(({ destination, count }) => [destination.port, count])).toEqual([
      [null, 10],
      [2000, 1],
    ]);
  });
});

describe('without room in the ring, failures', () => {
  const key = {
    netns_cookie: 1,
    netns_inum: 4026530001,
    owner: 1,
    owner_tgid: 1001,
    direction: DIRECTION.OUT,
  };
  const fold = (type: number, err: number, count: number, flags = 0) =>
    foldEntry({ ...key, direction: type === EVENT.FAILED ? DIRECTION.OUT : 0, type, err, flags }, count);

  it('count toward nobody knows where, and make their like lower bounds', () => {
    const { world, read } = setUp();
    world.feed(failed(outbound()), failed(outbound({ cookie: 2 }), 110));
    world.applyFolds(fold(EVENT.FAILED, 111, 70));
    expect(read()).toMatchObject([
      { errno: 'ECONNREFUSED', count: 1, lowerBound: true },
      { errno: 'ETIMEDOUT', count: 1, lowerBound: false },
      { errno: 'ECONNREFUSED', count: 70, lowerBound: false, destination: { address: null, port: null } },
    ]);
    world.applyFolds(fold(EVENT.FAILED, 111, 5));
    expect(sum(read())).toBe(77);
    expect(world.totals().failed).toBe(77);
  });

  it('of bind() touch no flow', () => {
    const { world, read } = setUp();
    world.applyFolds(fold(EVENT.BIND_FAILED, 98, 7), fold(EVENT.FAILED, 0, 2));
    expect(read()).toMatchObject([
      { call: 'bind', errno: 'EADDRINUSE', cause: 'other', count: 7, direction: null },
      { call: 'connect', errno: null, cause: 'aborted', count: 2, direction: 'out' },
    ]);
    expect(world.totals().failed).toBe(2);
  });

  it('of EADDRNOTAVAIL have the cause that the kernel kept beside their count', () => {
    const { world, read } = setUp();
    world.feed(noPort(outbound()));
    world.applyFolds(
      fold(EVENT.FAILED, EADDRNOTAVAIL, 3),
      fold(EVENT.FAILED, EADDRNOTAVAIL, 2, FLAG.BOUND_BEFORE),
      fold(EVENT.FAILED, EADDRNOTAVAIL, 4, FAILURE_FLAG.OWN_RANGE),
      fold(EVENT.FAILED, EADDRNOTAVAIL, 5, FAILURE_FLAG.NO_SOURCE),
    );
    expect(read().map(({ cause, count }) => `${cause} ${count}`)).toEqual([
      'ports-exhausted 1',
      'ports-exhausted 3',
      'tuple-in-use 2',
      'other 4',
      'no-source-address 5',
    ]);
  });

  it('of bind() have the cause of their like when that is one', () => {
    const { world, read } = setUp();
    world.feed(bindFailed(1, 98, 0), bindFailed(2, 98, 0), bindFailed(2, 98, 80));
    const taken = { ...key, direction: 0, type: EVENT.BIND_FAILED, err: 98 };
    world.applyFolds(foldEntry(taken, 7), foldEntry({ ...taken, owner: 2, owner_tgid: 1002 }, 9));
    const unknown = read().filter(({ destination }) => destination.address === null);
    expect(unknown.map(({ cause, count }) => `${cause} ${count}`)).toEqual([
      'bind-pool-exhausted 7',
      'other 9',
    ]);
  });

  it('are lower bounds all when even their count was lost, also of who was there then', () => {
    const { world, read } = setUp();
    world.feed(failed(outbound()));
    expect(read()).toMatchObject([{ lowerBound: false }]);
    world.aggregator.doubt(world.now);
    expect(read()).toMatchObject([{ lowerBound: true }]);
    world.feed(failed(outbound({ owner: 2 })));
    expect(read().every(({ lowerBound }) => lowerBound)).toBe(true);
  });
});

describe('EADDRNOTAVAIL', () => {
  /** `held` connections from 10.0.0.1, and the settings that an audit read. */
  const holding = (held: number, low: number, high: number) => {
    const made = setUp();
    for (let n = 0; n < held; n++) made.world.feed(established(outbound({ cookie: n + 1 })));
    audit(made.world, low, high);
    return made;
  };
  const victim = outbound({ cookie: 1000, owner: 2 });

  it('is exhaustion when the budget has no port left, and names it', () => {
    const { world, read } = holding(4, 40_000, 40_003);
    world.feed(noPort(victim));
    const [row] = read();
    expect(row).toMatchObject({ cause: 'ports-exhausted', budget: '1/10.0.0.1/10.0.0.9:5432' });
    const budget = world.aggregator.budgets.find(row?.budget ?? '');
    expect(budget?.used).toBe(4);
    expect(Object.fromEntries(budget?.failuresByErrno ?? [])).toEqual({ EADDRNOTAVAIL: 1 });
  });

  it('counts as demand of the budget, beside what was opened, whatever the gauges say', () => {
    const rates = (high: number) => {
      const { world } = holding(4, 40_000, high);
      world.feed(...Array.from({ length: 20 }, (_, n) => noPort({ ...victim, cookie: 1000 + n })));
      const [row] = new BudgetSource(world.aggregator).collect(world.now).set;
      return [row?.openPerSec, row?.demandPerSec, row?.sustainablePerSec];
    };
    expect(rates(40_003)).toEqual([4, 24, null]);
    expect(rates(40_099)).toEqual([4, 24, null]);
  });

  it('is what the kernel says, once and for all: before the settings are known, and when the gauges lag behind', () => {
    const { world, read } = setUp();
    const now = () => read().map(({ cause, count, budget }) => [cause, count, budget]);
    const exhausted = (count: number) => [['ports-exhausted', count, '1/10.0.0.1/10.0.0.9:5432']];
    world.feed(established(outbound()), noPort(victim));
    expect(now()).toEqual(exhausted(1));
    audit(world, 40_000, 40_099);
    expect(now()).toEqual(exhausted(1));
    world.feed(noPort({ ...victim, cookie: 1001 }));
    expect(now()).toEqual(exhausted(2));
    audit(world, 40_000, 40_099);
    expect(now()).toEqual(exhausted(2));
  });

  it('wants an audit while the gauges show free ports, and not when they agree or none comes', () => {
    const { world } = holding(4, 40_000, 40_099);
    const { aggregator } = world;
    const wanted = () => aggregator.failures.wantAudit((world.now - aggregator.unixMsAtZero) * 1e6);
    expect(wanted()).toBe(false);
    world.feed(noPort(victim));
    expect(wanted()).toBe(true);
    world.pass(31_000);
    expect(wanted()).toBe(false);
    world.feed(noPort({ ...victim, cookie: 1001 }));
    expect(wanted()).toBe(true);
    audit(world, 40_000, 40_003);
    expect(wanted()).toBe(false);
    world.feed(noPort({ ...victim, cookie: 1002 }));
    expect(wanted()).toBe(false);
  });

  it('of a socket with its own range, or whose tuple is taken, keeps its cause beside exhaustion', () => {
    const { world, read } = holding(4, 40_000, 40_003);
    world.feed(
      noPort(victim),
      noPort({ ...victim, cookie: 1001, flags: FAILURE_FLAG.OWN_RANGE }),
      noPort({ ...victim, cookie: 1002, flags: FLAG.BOUND_BEFORE }),
    );
    expect(read().map(({ cause, count }) => `${cause} ${count}`)).toEqual([
      'ports-exhausted 1',
      'other 1',
      'tuple-in-use 1',
    ]);
  });

  it('without a source address is exhaustion after all when a budget toward that destination is full', () => {
    const { world, read } = holding(4, 40_000, 40_003);
    const hidden = { err: 99, oldstate: 7, newstate: 7, laddr: addressBytes('::') };
    const flags = FAILURE_FLAG.NO_SOURCE;
    world.feed(
      eventOf({ ...victim, flags }, EVENT.FAILED, hidden),
      eventOf({ ...victim, flags, cookie: 1001, port: 80 }, EVENT.FAILED, hidden),
    );
    expect(read().map(({ cause, budget }) => `${cause} ${budget}`)).toEqual([
      'ports-exhausted 1/10.0.0.1/10.0.0.9:5432',
      'no-source-address null',
    ]);
  });

  it('without a source address looks at every budget of that destination', () => {
    const { world, read } = holding(4, 40_000, 40_003);
    world.feed(eventOf(victim, EVENT.FAILED, { err: 99, oldstate: 2, laddr: addressBytes('0.0.0.0') }));
    expect(read()).toMatchObject([{ cause: 'ports-exhausted', budget: '1/10.0.0.1/10.0.0.9:5432' }]);
  });

  it('keeps the budget in its table for a minute after all of its ports are free', () => {
    const { world, read } = holding(4, 40_000, 40_003);
    world.feed(noPort(victim));
    const key = read()[0]?.budget ?? '';
    for (let n = 0; n < 4; n++) world.feed(closed(outbound({ cookie: n + 1 })));
    expect(world.aggregator.budgets.find(key)?.used).toBe(0);
    world.pass(61_000);
    expect(read()).toMatchObject([{ budget: key }]);
    expect(world.aggregator.budgets.find(key)).toBeNull();
  });
});
