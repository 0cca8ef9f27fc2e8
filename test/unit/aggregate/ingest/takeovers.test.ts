/** A port has one socket at a time: whoever has it now has ended the one before, by whichever event that becomes known. */
import { describe, expect, it } from 'vitest';
import { OverflowCounters } from '../../../../src/aggregate/reconcile/overflow-counters.js';
import { Reconciler } from '../../../../src/aggregate/reconcile/reconciler.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { TcpEvent } from '../../../../src/decode/batch.js';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import {
  type Connection,
  closed,
  eventOf,
  failed,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';
import { batchOf } from '../../../support/records.js';

const PORT = 40_001;
const LEAVES = { end: END.TIME_WAIT, tw_lifetime_ms: 60_000 };
/** Process `cookie` had this connection, all of them the same ends. */
const life = (cookie: number, more: Partial<Connection> = {}) => outbound({ cookie, owner: cookie, ...more });
const ports = (one: Connection) => (one.direction === DIRECTION.OUT ? { lport: PORT } : { rport: PORT });
const open = (one: Connection) =>
  one.direction === DIRECTION.OUT
    ? eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, ...ports(one) })
    : eventOf(one, EVENT.ACCEPTED, { newstate: 1, ...ports(one) });
const close = (one: Connection, more = {}) => closed(one, { ...LEAVES, ...ports(one), ...more });
const joined = (one: Connection, more = {}) =>
  eventOf(one, EVENT.COALESCED, {
    ...LEAVES,
    newstate: 7,
    oldstate: 5,
    duration_ns: 1e6,
    ...ports(one),
    ...more,
  });

function budget(world: World) {
  const { set } = new BudgetSource(world.aggregator).collect(world.now);
  expect(set).toHaveLength(1);
  const [row] = set;
  return { used: row?.used, timeWait: row?.timeWait, recycled: row?.recycled, held: row?.holders.length };
}

const namespace = (world: World) => [...world.aggregator.namespaces.all()][0];

/** One connection has lived and left its entry. */
function left(one = life(1)): World {
  const world = new World();
  world.feed(open(one), close(one));
  world.pass(2000);
  return world;
}

describe('an entry whose port connect() takes over is gone at once', () => {
  const ways: [string, (one: Connection) => Uint8Array[], timeWait: number][] = [
    ['by its open', (one) => [open(one)], 0],
    ['by its open and close', (one) => [open(one), close(one)], 1],
    ['by one event of both', (one) => [joined(one)], 1],
    ['by its close, the open having overflowed', (one) => [close(one, { flags: FLAG.OPEN_OVERFLOWED })], 1],
    [
      'by its attempt, which had to be sent again',
      (one) => [eventOf(one, EVENT.CONNECT, { newstate: 2, ...ports(one) })],
      0,
    ],
    [
      'by its attempt, which did not have a port yet, and its open',
      (one) => [eventOf(one, EVENT.CONNECT, { newstate: 2, lport: 0 }), open(one)],
      0,
    ],
  ];
  it.each(ways)('%s', (_, events, timeWait) => {
    const world = left();
    world.feed(...events(life(2)));
    expect(budget(world)).toEqual({ used: 1, timeWait, recycled: 1, held: 1 });
    expect(namespace(world)).toMatchObject({ recycled: 1, timeWait });
  });

  it('and when nothing stays of the new one, no port is held', () => {
    for (const event of [joined(life(2), { end: END.PASSIVE }), failed(life(2))]) {
      const world = left();
      new DataView(event.buffer, event.byteOffset).setUint16(112, PORT, true);
      world.feed(event);
      expect(namespace(world)).toMatchObject({ recycled: 1, timeWait: 0 });
      expect(world.aggregator.sockets.size).toBe(0);
      expect(world.aggregator.budgets.size).toBe(0);
    }
  });

  it('again and again, and the counts of connections stay exact', () => {
    const world = left();
    for (let cookie = 2; cookie <= 50; cookie++) {
      world.feed(...(cookie % 2 === 0 ? [open(life(cookie)), close(life(cookie))] : [joined(life(cookie))]));
      expect(budget(world)).toEqual({ used: 1, timeWait: 1, recycled: cookie - 1, held: 1 });
    }
    expect(world.totals()).toEqual({ opened: 50, closed: 50, failed: 0 });
    expect(world.aggregator.sockets.size).toBe(1);
  });
});

describe('an entry stays', () => {
  const others: [string, Connection, object][] = [
    ['another port', life(2), { lport: PORT + 1 }],
    ['another destination', life(2, { port: 5433 }), {}],
    ['another namespace', life(2, { netns: 2 }), {}],
  ];
  it.each(others)('beside a connection of %s', (_, one, more) => {
    const world = left();
    world.feed(eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport: PORT, ...more }));
    expect(world.aggregator.sockets.size).toBe(2);
    expect(namespace(world)).toMatchObject({ recycled: 0, timeWait: 1 });
  });

  it('beside an attempt that found no port, whatever port its socket had before', () => {
    const world = left();
    const none = eventOf(life(2), EVENT.FAILED, { err: 99, oldstate: 2, newstate: 7, lport: PORT });
    world.feed(none);
    expect(budget(world)).toMatchObject({ used: 1, timeWait: 1, recycled: 0 });
  });
});

describe('what else has gone when its port has another owner', () => {
  it('an entry whose timer had ended is not counted as taken over', () => {
    const world = left();
    world.pass(62_000);
    world.feed(open(life(2)));
    expect(budget(world)).toEqual({ used: 1, timeWait: 0, recycled: 0, held: 1 });
  });

  it('the entry of a server that a SYN ended, which connect() did not take', () => {
    const one = inbound({ cookie: 1 });
    const world = left(one);
    expect(namespace(world)?.timeWait).toBe(1);
    world.feed(open({ ...one, cookie: 2 }));
    expect(namespace(world)).toMatchObject({ recycled: 0, timeWait: 0 });
    world.feed(close({ ...one, cookie: 2 }), joined({ ...one, cookie: 3 }));
    expect(namespace(world)).toMatchObject({ recycled: 0, timeWait: 1 });
  });

  it('a connection whose close was lost: it holds nothing, and the next audit counts its close', () => {
    const world = new World();
    world.feed(open(life(1)), open(life(2)));
    expect(budget(world)).toEqual({ used: 1, timeWait: 0, recycled: 0, held: 1 });
    expect(world.totals()).toEqual({ opened: 2, closed: 0, failed: 0 });
    const audit = new Reconciler(world.aggregator, new OverflowCounters(world.aggregator));
    audit.beginRound();
    audit.begin(1, 4_026_530_001, (world.now + 1000 - world.aggregator.unixMsAtZero) * 1e6);
    const { batch } = batchOf(open(life(2)));
    audit.socket(Object.assign(new TcpEvent(batch), { state: 1, timer: 0, expiresMs: 0 }));
    audit.end(true);
    audit.sweep(0, 1000);
    audit.endRound();
    expect(world.totals()).toEqual({ opened: 2, closed: 1, failed: 0 });
    expect(world.aggregator.sockets.size).toBe(1);
  });

  it('nothing, when the event is older than what has the port now', () => {
    const world = new World();
    world.feed(open(life(2)));
    const late = close(life(1), { flags: FLAG.OPEN_OVERFLOWED });
    world.pass(-10);
    world.feed(late);
    world.pass(10);
    expect(budget(world)).toEqual({ used: 1, timeWait: 0, recycled: 0, held: 1 });
    expect(world.totals()).toEqual({ opened: 1, closed: 1, failed: 0 });
  });
});
