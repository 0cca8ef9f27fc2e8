/** A connection whose open and close come as one event counts as one whose open and close come as two. */
import { describe, expect, it } from 'vitest';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import {
  accepted,
  type Connection,
  closed,
  established,
  eventOf,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';
import type { Fields } from '../../../support/records.js';

const LIFE_NS = 2_000_000;
const WAITING = { end: END.TIME_WAIT, tw_lifetime_ms: 60_000 };

/** What native/tracer/coalescer.h makes of the two. */
function lived(one: Connection, more: Fields<'tcp_event'> = {}): Uint8Array {
  const sent = one.direction === DIRECTION.OUT ? FLAG.OPEN_SENT : 0;
  const close = { end: END.PASSIVE, oldstate: 9, newstate: 7, duration_ns: LIFE_NS, flags: one.flags | sent };
  const connect = one.direction === DIRECTION.OUT ? { connect_us: 150 } : {};
  return eventOf(one, EVENT.COALESCED, { ...close, ...connect, ...more });
}

const open = (one: Connection) => (one.direction === DIRECTION.IN ? accepted(one) : established(one));

/** Everything that rows say, but when the flow was first seen: the one event comes later than the first of two. */
function told(world: World): unknown {
  const budgets = new BudgetSource(world.aggregator).collect(world.now).set;
  const [namespace] = world.aggregator.namespaces.all();
  return {
    flows: world.flows().map((row) => ({ ...row, firstSeen: null })),
    budgets,
    totals: world.totals(),
    timeWait: [namespace?.timeWait, namespace?.timeWaitAttributed],
    sockets: world.aggregator.sockets.size,
    connects: world.aggregator.connections.connectDurations.snapshot(),
  };
}

/** The same lives, told in two events each and in one; times agree where they are told. */
function bothWays(lives: readonly [Connection, Fields<'tcp_event'>][], before = (_: World) => {}): World[] {
  const [apart, joined] = [new World(), new World()];
  for (const world of [apart, joined]) before(world);
  for (const [one, end] of lives) {
    apart.feed(open(one));
    apart.feed(closed(one, { connect_us: 150, ...end }));
    joined.pass(1);
    joined.feed(lived(one, end));
  }
  return [apart, joined];
}

const NAMED: [string, Connection, Fields<'tcp_event'>][] = [
  ['outbound, left in TIME_WAIT', outbound(), { ...WAITING, flags: FLAG.OPEN_SENT | FLAG.CLOSED_FIRST }],
  ['outbound, left in FIN_WAIT2', outbound(), { end: END.FIN_WAIT2, tw_lifetime_ms: 60_000 }],
  ['outbound, closed by its peer', outbound(), {}],
  ['outbound, reset', outbound(), { end: END.RESET, err: 104 }],
  ['outbound from a bound port', outbound({ flags: FLAG.BOUND_BEFORE | FLAG.OPEN_SENT }), WAITING],
  ['of nobody', outbound({ owner: 0 }), WAITING],
  ['without a cookie', outbound({ cookie: 0 }), WAITING],
  ['inbound, left in TIME_WAIT', inbound(), WAITING],
  ['inbound, closed by its peer', inbound(), { bytes_sent: 10, bytes_received: 20 }],
];

describe('a short life', () => {
  it.each(NAMED)('%s', (_, one, end) => {
    const [apart, joined] = bothWays([[one, end]]);
    expect(told(joined as World)).toEqual(told(apart as World));
  });

  it('and others of the same budget', () => {
    const lives = Array.from({ length: 300 }, (_, n): [Connection, Fields<'tcp_event'>] => [
      outbound({ cookie: n + 1 }),
      n % 3 === 0 ? {} : WAITING,
    ]);
    const [apart, joined] = bothWays([[outbound({ cookie: 1000 }), WAITING], ...lives]);
    expect(told(joined as World)).toEqual(told(apart as World));
  });

  it('of which an audit or an attempt has told before', () => {
    const attempt = eventOf(outbound(), EVENT.CONNECT, { oldstate: 7, newstate: 2, flags: FLAG.RETRIED });
    const [apart, joined] = bothWays([[outbound(), WAITING]], (world) => world.feed(attempt));
    expect(told(joined as World)).toEqual(told(apart as World));
  });

  it('that ended during an audit is not found alive by it', () => {
    const { sockets } = new World().aggregator;
    sockets.beginAudit(1);
    expect(sockets.wentDuringAudit(1, 0)).toBe(false);
    const world = new World();
    world.aggregator.sockets.beginAudit(1);
    world.feed(lived(outbound()));
    expect(world.aggregator.sockets.wentDuringAudit(1, 0)).toBe(true);
  });

  it('is counted when there is no room for what stays of it', () => {
    const world = new World({ sockets: 1 });
    world.feed(lived(outbound({ cookie: 1 }), WAITING), lived(outbound({ cookie: 2 }), WAITING));
    expect(world.flow(5432)).toMatchObject({ opened: 2, closed: 2, timeWait: null, portsHeld: null });
    expect(world.stored(5432).timeWait).toBe(1);
  });
});
