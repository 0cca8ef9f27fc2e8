/** A bind() before connect() that finds no port is demand of where its process connects to. */
import { describe, expect, it } from 'vitest';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { FlowSource } from '../../../../src/aggregate/rows/flow-source.js';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import { outlook } from '../../../../src/forecast/outlook.js';
import { answerOf } from '../../../../src/forecast/what-if.js';
import { announced, closed, eventOf, outbound, World } from '../../../support/aggregate-world.js';
import { addressBytes } from '../../../support/records.js';
import { totals } from '../../publish/rows.js';

const OWN = '10.0.0.1';
const EADDRINUSE = 98;

const opened = (owner: number, port: number, to = 5432, flags = FLAG.BOUND_BEFORE) => {
  const one = outbound({ cookie: port + to * 100_000, owner, port: to, flags });
  return eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport: port });
};

const refused = (owner: number, address = OWN) =>
  eventOf(outbound({ owner, direction: DIRECTION.NONE }), EVENT.BIND_FAILED, {
    ...{ err: EADDRINUSE, laddr: addressBytes(address), lport: 0 },
    ...{ raddr: addressBytes('0.0.0.0'), rport: 0, oldstate: 7, newstate: 7 },
  });

function start() {
  const world = new World();
  world.feed(
    announced(1),
    announced(2),
    announced(3),
    announced(4, { exe: '/usr/bin/wrk', comm: 'wrk', cmdline: ['wrk'] }),
  );
  for (const namespace of world.aggregator.namespaces.all()) namespace.portsChanged();
  const budgets = new BudgetSource(world.aggregator);
  const flows = new FlowSource(world.aggregator);
  const budget = (key: string) => budgets.collect(world.now).set.find((row) => row.key === key);
  const toward = (port: number) => budget(`1/${OWN}/10.0.0.9:${port}`);
  return { world, toward, pool: () => budget(`1/${OWN}/bind`), rates: () => flowRates(flows, world) };
}

const flowRates = (flows: FlowSource, { now }: World) =>
  flows.collect(now).set.map(({ destination, failPerSec, failed }) => [destination.port, failPerSec, failed]);

const many = <T>(count: number, of: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => of(n));

describe('a bind() that finds no port', () => {
  it('is demand of the budget that its process bound for last, and of the pool', () => {
    const { world, toward } = start();
    world.feed(opened(1, 40_000), opened(2, 40_001, 80), ...many(20, () => refused(1)));
    expect(toward(5432)).toMatchObject({ openPerSec: 1, demandPerSec: 21, bound: 1 });
    expect(toward(80)).toBeUndefined();
  });

  it('is part of the rate at which that flow fails, and in no count of attempts', () => {
    const { world, rates } = start();
    world.feed(opened(1, 40_000), ...many(20, () => refused(1)));
    expect(rates()).toEqual([[5432, 20, 0]]);
  });

  it('of a process that has never connected fails with its program', () => {
    const { world, toward, rates } = start();
    world.feed(opened(1, 40_000), ...many(20, () => refused(3)));
    expect(toward(5432)).toMatchObject({ demandPerSec: 21 });
    expect(rates()).toEqual([[5432, 20, 0]]);
  });

  it('of a program that has never connected is demand of who binds from that address, and no failure of that', () => {
    const { world, toward, rates } = start();
    world.feed(opened(1, 40_000), ...many(20, () => refused(4)));
    expect(toward(5432)).toMatchObject({ demandPerSec: 21 });
    expect(rates()).toEqual([[5432, 0, 0]]);
  });

  it('from another address, or where bind() chose no port, is nobody’s demand but the pool’s', () => {
    const { world, toward } = start();
    world.feed(opened(1, 40_000), opened(2, 40_001, 80, 0));
    world.feed(...many(20, () => refused(1, '10.0.0.2')), ...many(20, () => refused(2, '10.0.0.3')));
    expect(toward(5432)).toMatchObject({ demandPerSec: 1 });
  });

  it('from any address is demand of the last one', () => {
    const { world, toward } = start();
    world.feed(opened(1, 40_000), ...many(20, () => refused(3, '0.0.0.0')));
    expect(toward(5432)).toMatchObject({ demandPerSec: 21 });
  });

  it('counts in its pool beside what opens; a moment without a call is not known, and later nobody asks', () => {
    const { world, pool } = start();
    world.feed(opened(1, 40_000), ...many(20, () => refused(1)));
    expect(pool()).toMatchObject({ demandPerSec: 21, bound: 1 });
    world.pass(30_000);
    expect(pool()).toMatchObject({ demandPerSec: null });
    world.pass(120_000);
    expect(pool()).toMatchObject({ demandPerSec: 0 });
  });

  it('is no more demand than there was when ports begin to be out: what opened is refused now', () => {
    const { world, pool } = start();
    for (let second = 0; second < 8; second++, world.pass(1000))
      world.feed(...many(30, (n) => opened(1, 40_000 + 30 * second + n)));
    for (let second = 0; second < 4; second++, world.pass(1000)) {
      world.feed(...many(30, () => refused(1)));
      expect(pool()?.demandPerSec).toBeCloseTo(30);
    }
  });
});

describe('ports toward loopback that bind() chose', () => {
  const settings = totals('1', { netnsId: '1', portRange: [40_000, 40_009], tcpTwReuse: 2 });

  /** Ten entries on ten ports, and twenty bind() calls in vain. */
  function full() {
    const world = new World();
    world.feed(announced(1));
    const ends = (n: number) => ({ laddr: addressBytes('127.0.0.1'), lport: 40_000 + n });
    const one = (n: number) => outbound({ cookie: n + 1, owner: 1, flags: FLAG.BOUND_BEFORE });
    world.feed(
      ...many(10, (n) => eventOf(one(n), EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, ...ends(n) })),
      ...many(10, (n) => closed(one(n), { ...ends(n), end: END.TIME_WAIT })),
      ...many(20, () => refused(1, '127.0.0.1')),
    );
    for (const namespace of world.aggregator.namespaces.all()) {
      const facts = { portRange: [40_000, 40_009], usablePorts: 10, reserved: new Set(), tcpTwReuse: 2 };
      namespace.sysctls = { ...facts, tcpTwReuseDelayMs: 1000, tcpTimestamps: 1 } as never;
      namespace.portsChanged();
    }
    world.pass(5000);
    const row = new BudgetSource(world.aggregator)
      .collect(world.now)
      .set.find(({ kind }) => kind === 'tuple');
    if (row === undefined) throw new Error('no row');
    return row;
  }

  it('are out although tcp_tw_reuse is on, since no call takes them over', () => {
    const row = full();
    expect(row).toMatchObject({ used: 10, bound: 10, free: 0, reuse: 'never', exhaustionSeconds: 0 });
    expect(outlook(row).state).toBe('out');
  });

  it('are no all-clear of what-if: a wider range fills, too, and neither tcp_tw_reuse nor destinations help', () => {
    const row = full();
    const then = (changes: object) => {
      const all = { range: null, twReuse: null, sources: 1, destinations: 1, reused: 0, ...changes };
      return answerOf(row, [settings], [], all);
    };
    const wider = then({ range: [40_000, 40_099] });
    expect(wider?.now).toMatchObject({ exhaustionSeconds: 0, reuse: 'never' });
    expect(wider?.projected.exhaustionSeconds).toBeGreaterThan(0);
    expect(then({ twReuse: 1 })?.projected.exhaustionSeconds).toBe(0);
    expect(then({ destinations: 2 })?.projected.exhaustionSeconds).toBe(0);
  });
});
