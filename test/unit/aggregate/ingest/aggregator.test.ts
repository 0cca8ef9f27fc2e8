import { describe, expect, it } from 'vitest';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import {
  accepted,
  announced,
  closed,
  established,
  eventOf,
  failed,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';
import { addressBytes } from '../../../support/records.js';

describe('a flow', () => {
  it('counts a connection from open to close', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()));
    expect(world.flow(5432)).toMatchObject({
      opened: 1,
      closed: 0,
      established: 1,
      connectMs: { p50: 0.14, p99: 0.14 },
    });
    const facts = { bytes_sent: 100, bytes_received: 2 ** 33, flags: FLAG.OPEN_SENT | FLAG.CLOSED_FIRST };
    world.feed(closed(outbound(), facts));
    expect(world.flow(5432)).toMatchObject({
      direction: 'out',
      destination: { address: '10.0.0.9', port: 5432 },
      opened: 1,
      closed: 1,
      closedFirst: 1,
      established: 0,
      bytesSent: 100,
      bytesReceived: 2 ** 33,
      preexisting: 0,
      failed: 0,
      lowerBound: false,
    });
    expect(world.flow(5432).lifetimeMs.p50).toBeCloseTo(2, 0);
  });

  it('counts connects whose SYN was sent again, or that took as long', () => {
    const world = new World();
    const took = (cookie: number, us: number, flags = 0) =>
      eventOf(outbound({ cookie }), EVENT.ESTABLISHED, { connect_us: us, newstate: 1, oldstate: 2, flags });
    world.feed(announced(1), took(1, 899_000), took(2, 1_003_000), took(3, 20_000, FLAG.RETRIED));
    expect(world.flow(5432)).toMatchObject({ opened: 3, slowConnects: 2 });
  });

  it('is one per process, namespace, direction and destination', () => {
    const world = new World();
    const kinds = [
      outbound(),
      outbound({ port: 5433 }),
      outbound({ remote: '10.0.0.8' }),
      outbound({ remote: '2001:db8::9' }),
      outbound({ owner: 2 }),
      outbound({ netns: 2 }),
      inbound({ port: 5432 }),
    ];
    for (const [n, kind] of kinds.entries()) {
      for (const cookie of [10 * n + 1, 10 * n + 2]) {
        const open = kind.direction === DIRECTION.IN ? accepted : established;
        world.feed(open({ ...kind, cookie }));
      }
    }
    expect(world.flows().map(({ opened }) => opened)).toEqual(kinds.map(() => 2));
    expect(new Set(world.flows().map(({ key }) => key)).size).toBe(kinds.length);
  });

  it('is inbound one per listening port, whatever the peers', () => {
    const world = new World();
    for (let n = 1; n <= 50; n++) {
      const peer = inbound({ cookie: n, remote: `10.1.0.${n}` });
      world.feed(accepted(peer), closed(peer));
    }
    expect(world.flows()).toHaveLength(1);
    expect(world.flow(80)).toMatchObject({
      direction: 'in',
      destination: { address: '10.0.0.1' },
      closed: 50,
    });
  });

  it('counts failed attempts apart from opened ones', () => {
    const world = new World();
    world.feed(failed(outbound()), failed(outbound({ cookie: 2 }), 110));
    expect(world.flow(5432)).toMatchObject({ opened: 0, closed: 0, failed: 2, established: 0 });
    expect(world.totals()).toEqual({ opened: 0, closed: 0, failed: 2 });
  });

  it('counts what is older than the tracer as that alone', () => {
    const world = new World();
    world.feed(
      closed(outbound({ flags: FLAG.PREEXISTING })),
      closed(inbound({ cookie: 2, flags: FLAG.PREEXISTING })),
    );
    for (const port of [5432, 80])
      expect(world.flow(port)).toMatchObject({ preexisting: 1, opened: 0, closed: 0 });
    expect(world.totals()).toEqual({ opened: 0, closed: 0, failed: 0 });
  });

  it('is not older than the tracer when its open was counted, whatever the kernel still knows of it', () => {
    const world = new World();
    world.feed(announced(1), announced(2), established(outbound()));
    const forgotten = { owner: 0, flags: FLAG.PREEXISTING | FLAG.CLOSED_FIRST };
    world.feed(closed(outbound(forgotten), { closer: 2, closer_tgid: 1002 }));
    const row = { process: { pid: 1001 }, opened: 1, closed: 1, closedFirst: 1, preexisting: 0 };
    expect(world.flows()).toMatchObject([row]);
  });

  it('belongs to the closer when nobody else is known', () => {
    const world = new World();
    const orphan = outbound({ owner: 0, flags: FLAG.PREEXISTING });
    world.feed(announced(7), closed(orphan, { closer: 7, closer_tgid: 1007 }));
    expect(world.flow(5432).process.pid).toBe(1007);
  });

  it('belongs to nobody, in words, when not even the closer is known', () => {
    const world = new World();
    world.feed(closed(outbound({ owner: 0, flags: FLAG.PREEXISTING })));
    expect(world.flow(5432).process).toMatchObject({ pid: null, comm: null, exe: null, exited: null });
  });

  it('has first and last seen in the order of its events', () => {
    const world = new World();
    world.feed(established(outbound()));
    const first = world.now;
    world.pass(5000);
    world.feed(closed(outbound()));
    expect(world.flow(5432)).toMatchObject({ firstSeen: Math.round(first), lastSeen: Math.round(world.now) });
  });
});

describe('an inbound connection', () => {
  it('is counted once when its accept comes after its close', () => {
    const world = new World();
    world.feed(closed(inbound()), accepted(inbound()));
    expect(world.totals()).toEqual({ opened: 1, closed: 1, failed: 0 });
    expect(world.flow(80)).toMatchObject({ opened: 1, closed: 1, established: 0 });
  });

  it('is counted once when nobody accepts it', () => {
    const world = new World();
    world.feed(closed(inbound(), { flags: FLAG.OWNER_IS_LISTENER, end: END.ABORTED }));
    expect(world.flow(80)).toMatchObject({ opened: 1, closed: 1, established: 0 });
  });

  it('belongs to its acceptor, not to the listener its close names', () => {
    const world = new World();
    world.feed(announced(1), announced(2), accepted(inbound({ owner: 2 })));
    world.feed(closed(inbound({ owner: 1 }), { flags: FLAG.OWNER_IS_LISTENER }));
    expect(world.flow(80)).toMatchObject({ opened: 1, closed: 1, process: { pid: 1002 } });
  });

  it('is counted once when accept() is seen twice', () => {
    const world = new World();
    world.feed(accepted(inbound()), accepted(inbound()), closed(inbound()));
    expect(world.totals()).toEqual({ opened: 1, closed: 1, failed: 0 });
  });
});

describe('events that count for nothing', () => {
  it('change no number: connect, transition, listen', () => {
    const world = new World();
    world.feed(established(outbound()));
    const before = world.totals();
    for (const type of [EVENT.TRANSITION, EVENT.CONNECT, EVENT.LISTEN]) world.feed(eventOf(outbound(), type));
    expect(world.totals()).toEqual(before);
    expect(world.sums()).toEqual(before);
  });
});

describe('full tables', () => {
  it('fold an owner’s further destinations into one flow toward nobody knows where', () => {
    const world = new World({ flows: 10 });
    for (let n = 1; n <= 100; n++) {
      const one = outbound({ cookie: n, port: n });
      world.feed(established(one), closed(one, { bytes_sent: 3, flags: FLAG.OPEN_SENT | FLAG.CLOSED_FIRST }));
    }
    const folded = world.flows().filter(({ destination }) => destination.port === null);
    expect(world.flows()).toHaveLength(11);
    expect(folded).toMatchObject([
      {
        opened: 90,
        closed: 90,
        closedFirst: 90,
        bytesSent: 270,
        destination: { address: null },
        established: 0,
      },
    ]);
    expect(world.sums()).toEqual({ opened: 100, closed: 100, failed: 0 });
  });

  it('keep totals exact when more connections are open than can be remembered', () => {
    const world = new World({ sockets: 20 });
    const all = Array.from({ length: 200 }, (_, n) =>
      n % 2 ? inbound({ cookie: n + 1 }) : outbound({ cookie: n + 1 }),
    );
    for (const one of all) world.feed(one.direction === DIRECTION.IN ? accepted(one) : established(one));
    for (const one of all) world.feed(closed(one));
    expect(world.totals()).toEqual({ opened: 200, closed: 200, failed: 0 });
    expect(world.sums()).toEqual(world.totals());
    expect(world.flow(5432).established).toBe(0);
    expect(world.flow(80).established).toBe(0);
  });

  it('give up quantiles before they give wrong ones', () => {
    const world = new World({ durationWindows: 1 });
    world.feed(established(outbound()), established(outbound({ cookie: 2, port: 1 })));
    expect(world.flow(5432).connectMs.p50).not.toBeNull();
    expect(world.flow(1).connectMs).toEqual({ p50: null, p99: null });
  });
});

describe('addresses', () => {
  it('make one flow of IPv4 and the same address mapped into IPv6', () => {
    const world = new World();
    world.feed(established(outbound()), eventOf(outbound({ cookie: 2 }), EVENT.ESTABLISHED, { family: 10 }));
    expect(world.flow(5432).opened).toBe(2);
  });

  it('tell IPv6 destinations apart by every word', () => {
    const world = new World();
    const hosts = ['2001:db8::1', '2001:db9::1', '2001:db8:0:1::1', '2001:db8::1:0:0:1', '2001:db8::2'];
    for (const [n, remote] of hosts.entries()) world.feed(established(outbound({ cookie: n + 1, remote })));
    expect(world.flows().map(({ destination }) => destination.address)).toEqual(hosts);
    expect(new Set(hosts.map((host) => addressBytes(host).join())).size).toBe(5);
  });
});
