/** Who answers at a destination: by the two sockets of a connection, never by a listener's address alone. */
import { describe, expect, it } from 'vitest';
import { announced, exited } from '../../../support/aggregate-world.js';
import {
  accepts,
  CLOSED,
  clientLived,
  connects,
  LEFT,
  Machine,
  machineWith,
  SERVER,
  serverLived,
} from './machine.js';

describe('while both ends are open', () => {
  it('the process at the other end is shown, also in another namespace', () => {
    expect(machineWith(connects(), accepts()).peer).toBe('postgres');
    const loopback = { from: '127.0.0.1', to: '127.0.0.1' };
    expect(machineWith(connects(loopback), accepts({ ...loopback, netns: 1 })).peer).toBe('postgres');
  });

  it('a listener with that address alone is nobody', () => {
    expect(machineWith(connects(), accepts({ port: 40_001 })).peer).toBeNull();
    expect(machineWith(connects(), accepts({ from: '10.0.0.3' })).peer).toBeNull();
  });

  it('a server that has the same connection in two namespaces is nobody', () => {
    const machine = machineWith(connects(), accepts(), accepts({ netns: 3, owner: 3 }));
    expect(machine.peer).toBeNull();
  });

  it('a client that has the same connection in another namespace makes it nobody', () => {
    expect(machineWith(connects({ netns: 4 }), connects(), accepts()).peer).toBeNull();
  });

  it('another connection decides where one could be either', () => {
    const machine = machineWith(
      connects(),
      connects({ netns: 4 }),
      accepts(),
      accepts({ netns: 3, owner: 3 }),
    );
    machine.feed(connects({ port: 40_001 }), accepts({ port: 40_001 }));
    machine.tick();
    expect(machine.peer).toBe('postgres');
  });

  it('loopback is of its own namespace', () => {
    const loopback = { from: '127.0.0.1', to: '127.0.0.1' };
    expect(machineWith(connects(loopback), accepts(loopback)).peer).toBeNull();
    const both = [accepts(loopback), accepts({ ...loopback, netns: 1, owner: 3 })];
    expect(machineWith(connects(loopback), connects({ ...loopback, netns: 2 }), ...both).peer).toBe('redis');
  });

  it('an end that was there before counts as well', () => {
    const machine = machineWith(accepts(), connects());
    expect(machine.peer).toBe('postgres');
  });
});

describe('a network namespace of a user, who can give it any address', () => {
  const of = (users: readonly (readonly [number, number | null])[], ...records: Uint8Array[]) => {
    const machine = new Machine();
    for (const [netns, uid] of users) machine.users.set(netns, uid);
    machine.listen();
    machine.feed(...records);
    machine.tick();
    return machine;
  };

  it.each([
    ['a user’s server is nobody to root’s client', [[2, 1000]], null],
    ['nor is it while it is not known whose it is', [[2, null]], null],
    [
      'nor to another user’s client',
      [
        [1, 1001],
        [2, 1000],
      ],
      null,
    ],
    [
      'to a client of the same user it is',
      [
        [1, 1000],
        [2, 1000],
      ],
      'postgres',
    ],
    ['a user’s client reaches root’s server', [[1, 1000]], 'postgres'],
  ] as const)('%s', (_, users, name) => {
    expect(of(users, connects(), accepts()).peer).toBe(name);
  });

  it('hides no server by having the same connection too', () => {
    const same = [connects({ netns: 4 }), accepts({ netns: 3, owner: 3 })];
    expect(
      of(
        [
          [3, 1000],
          [4, 1000],
        ],
        connects(),
        accepts(),
        ...same,
      ).peer,
    ).toBe('postgres');
  });

  it('is believed of what ends within it', () => {
    const loopback = { from: '127.0.0.1', to: '127.0.0.1' };
    expect(of([[1, 1000]], connects(loopback), accepts({ ...loopback, netns: 1 })).peer).toBe('postgres');
  });

  it('says nothing of the client whose connection a server of root has closed', () => {
    const machine = of([[1, 1000]], connects({ port: 50_000 }));
    for (const port of [41_000, 41_001, 41_002, 41_003]) {
      machine.feed(clientLived({ port }, LEFT), serverLived({ port }));
      machine.tick(2);
    }
    expect(machine.peer).toBeNull();
  });
});

describe('short connections', () => {
  const lives = (machine: Machine, port: number, ...ends: Uint8Array[]) => {
    machine.feed(...ends);
    machine.tick(2);
    return port;
  };
  /** The machine knows that somebody connects to a port on which somebody listens. */
  const ready = () => machineWith(connects({ port: 50_000, to: SERVER }));

  it.each([
    ['the client closes first', LEFT, CLOSED],
    ['the server closes first', CLOSED, LEFT],
  ])('are found by the entry that one end leaves: %s', (_, ofClient, ofServer) => {
    const machine = ready();
    const one = (port: number) =>
      lives(machine, port, clientLived({ port }, ofClient), serverLived({ port }, ofServer));
    one(41_000);
    one(41_001);
    expect(machine.peer).toBeNull();
    one(41_002);
    expect(machine.peer).toBe('postgres');
  });

  it('within one namespace are certain at once', () => {
    const loopback = { from: '127.0.0.1', to: '127.0.0.1' };
    const machine = machineWith(connects({ ...loopback, port: 50_000 }));
    const way = { ...loopback, port: 41_000 };
    machine.feed(clientLived(way), serverLived({ ...way, netns: 1 }, LEFT));
    machine.tick(2);
    expect(machine.flows().find(({ direction }) => direction === 'out')?.destination.peer?.process.name).toBe(
      'postgres',
    );
  });

  it('an entry of another time is of another connection', () => {
    const machine = ready();
    for (const port of [41_000, 41_001, 41_002, 41_003]) {
      machine.feed(serverLived({ port }, LEFT));
      machine.pass(500);
      lives(machine, port, clientLived({ port }));
    }
    expect(machine.peer).toBeNull();
  });

  it('one without another end here starts the count anew', () => {
    const machine = ready();
    for (const port of [41_000, 41_001])
      lives(machine, port, clientLived({ port }), serverLived({ port }, LEFT));
    lives(machine, 41_002, clientLived({ port: 41_002 }));
    lives(machine, 41_003, clientLived({ port: 41_003 }), serverLived({ port: 41_003 }, LEFT));
    expect(machine.peer).toBeNull();
  });
});

describe('what is shown of the other end', () => {
  it('follows it: it has ended, another one listens', () => {
    const machine = machineWith(connects(), accepts());
    machine.feed(exited(2));
    machine.tick();
    const [out] = machine.flows().filter(({ direction }) => direction === 'out');
    expect(out?.destination.peer?.process).toMatchObject({ name: 'postgres', exited: true });
    machine.pass(30_000);
    machine.aggregator.sockets.remove(machine.slotOf(40_000));
    machine.feed(connects({ port: 40_001 }), accepts({ port: 40_001, owner: 3 }));
    machine.tick();
    expect(machine.peer).toBe('redis');
  });

  it('is somebody else as soon as somebody else listens and accepts, though the first one lives on', () => {
    const machine = machineWith(connects(), accepts());
    machine.tick();
    machine.aggregator.sockets.remove(machine.slotOf(40_000));
    machine.listen(2, 3);
    machine.feed(connects({ port: 40_001 }), accepts({ port: 40_001, owner: 3 }));
    machine.tick();
    expect(machine.peer).toBe('redis');
  });

  it('is somebody else as soon as it has ended and another one accepts', () => {
    const machine = machineWith(connects(), accepts());
    machine.tick();
    machine.aggregator.sockets.remove(machine.slotOf(40_000));
    machine.feed(exited(2), connects({ port: 40_001 }), accepts({ port: 40_001, owner: 3 }));
    machine.tick();
    expect(machine.peer).toBe('redis');
  });

  it('is nobody from the first look on where two programs listen on the port', () => {
    const ways = [2, 2, 2, 3].map((owner, at) => ({ owner, port: 40_000 + at }));
    const machine = machineWith(
      ...ways.flatMap(({ port, owner }) => [connects({ port }), accepts({ port, owner })]),
    );
    expect(machine.peer).toBeNull();
  });

  it('is taken back when connections went elsewhere for two minutes, of which this end keeps the entries', () => {
    const machine = machineWith(connects(), accepts());
    machine.aggregator.sockets.remove(machine.slotOf(40_000));
    for (let port = 41_000; port < 41_007; port++) machine.feed(clientLived({ port }, LEFT));
    machine.pass(120_000);
    machine.tick();
    expect(machine.peer).toBe('postgres');
    machine.feed(clientLived({ port: 41_007 }, LEFT));
    machine.tick();
    expect(machine.peer).toBeNull();
  });

  it('of two workers is what they have in common', () => {
    const machine = machineWith(connects(), accepts());
    machine.feed(announced(4, { comm: 'postgres', exe: '/usr/bin/postgres', cmdline: ['postgres'] }));
    machine.pass(30_000);
    machine.feed(connects({ port: 40_001 }), accepts({ port: 40_001, owner: 4 }));
    machine.aggregator.sockets.remove(machine.slotOf(40_000));
    machine.tick();
    const [out] = machine.flows().filter(({ direction }) => direction === 'out');
    expect(out?.destination.peer?.process).toMatchObject({ name: 'postgres', pid: null });
  });

  it('costs nothing where nobody here listens on the port', () => {
    const machine = new Machine();
    machine.feed(clientLived({ port: 41_000 }), serverLived({ port: 41_000 }, LEFT));
    machine.tick();
    expect([...machine.aggregator.connections.closedSamples.takeOlder()]).toEqual([]);
  });
});
