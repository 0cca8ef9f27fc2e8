/** The other end where addresses are translated on the way: by the client's own end, which both sockets have, and never by that alone. */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../../src/decode/layout.js';
import { announced, exited } from '../../../support/aggregate-world.js';
import { accepts, connects, Machine, settling, type Way } from './machine.js';

/** An address that no server has, as a client knows it. */
const VIRTUAL = '10.96.0.10';
const PORTS = [40_000, 40_001, 40_002];
/** So long an open connection is looked at at the latest. */
const SETTLED = 4;

const toVirtual = (port: number, way: Way = {}) => connects({ port, to: VIRTUAL, at: 80, ...way });
const pair = (port: number, way: Way = {}) => [toVirtual(port), accepts({ port, ...way })];

const { machineOf, later } = settling(SETTLED);

describe('three connections whose client’s end a server has', () => {
  it('show the server', () => {
    expect(machineOf(...PORTS.flatMap((port) => pair(port))).peer).toBe('postgres');
  });

  it('may come one after another', () => {
    const machine = machineOf(...pair(40_000));
    expect(later(machine, ...pair(40_001)).peer).toBeNull();
    expect(later(machine, ...pair(40_002)).peer).toBe('postgres');
  });

  it('may be of several processes, each of which shows the server', () => {
    const machine = new Machine();
    machine.feed(announced(5), announced(6));
    machine.listen();
    const of = [1, 5, 6].flatMap((owner, at) => [
      toVirtual(40_000 + at, { owner }),
      accepts({ port: 40_000 + at }),
    ]);
    const rows = later(machine, ...of).flows();
    const shown = rows
      .filter(({ direction }) => direction === 'out')
      .map(({ destination }) => destination.peer);
    expect(shown.map((peer) => peer?.process.name)).toEqual(['postgres', 'postgres', 'postgres']);
  });

  it('show it to no process that has none of them', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    machine.feed(announced(5));
    machine.feed(toVirtual(40_003, { owner: 5 }));
    machine.aggregator.sockets.remove(machine.slotOf(40_003));
    machine.tick(SETTLED);
    const rows = machine.flows().filter(({ direction }) => direction === 'out');
    expect(rows.map(({ destination }) => destination.peer?.process.name ?? null)).toEqual(['postgres', null]);
  });

  it('are needed: one counts once, however long it stays open', () => {
    const machine = machineOf(...pair(40_000), ...pair(40_001));
    machine.tick(20);
    expect(machine.peer).toBeNull();
  });

  it('show it also in the client’s own namespace', () => {
    expect(machineOf(...PORTS.flatMap((port) => pair(port, { netns: 1 }))).peer).toBe('postgres');
  });

  it('stay what is known until the server of the next one can have accepted', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    machine.feed(toVirtual(40_003));
    machine.tick();
    expect(machine.peer).toBe('postgres');
    expect(later(machine, accepts({ port: 40_003 })).peer).toBe('postgres');
  });
});

describe('a shared end alone proves nothing', () => {
  const among = (...more: Uint8Array[]) => machineOf(...PORTS.flatMap((port) => pair(port)), ...more).peer;
  const each = (one: (port: number) => Uint8Array) => PORTS.map(one);

  it.each([
    [
      'connect() took the port for another destination as well',
      each((port) => connects({ port, to: '192.0.2.9' })),
    ],
    ['it is the server’s client by its own address', each((port) => connects({ port }))],
    ['a twin has the same address and port', each((port) => connects({ port, netns: 4, to: '192.0.2.9' }))],
    [
      'another client took the port at that time, whose address may have been translated to this one',
      each((port) => connects({ port, netns: 4, from: '10.0.5.5', to: '192.0.2.9' })),
    ],
    ['two servers have it', each((port) => accepts({ port, netns: 3, owner: 3 }))],
  ])('where %s', (_, more) => {
    expect(among(...more)).toBeNull();
  });

  it('a twin of long ago counts too, another port’s client does not', () => {
    const machine = machineOf(...PORTS.map((port) => connects({ port, netns: 4, to: '192.0.2.9' })));
    expect(later(machine, ...PORTS.flatMap((port) => pair(port))).peer).toBeNull();
    const apart = machineOf(
      ...PORTS.map((port) => connects({ port, netns: 4, from: '10.0.5.5', to: '192.0.2.9' })),
    );
    expect(later(apart, ...PORTS.flatMap((port) => pair(port))).peer).toBe('postgres');
  });

  it('a server that accepted before, or much later, is another connection’s', () => {
    const machine = new Machine();
    machine.listen();
    machine.feed(...PORTS.map((port) => accepts({ port })));
    machine.pass(20);
    expect(later(machine, ...PORTS.map((port) => toVirtual(port))).peer).toBeNull();
    const late = new Machine();
    late.listen();
    late.feed(...PORTS.map((port) => toVirtual(port)));
    late.pass(60);
    expect(later(late, ...PORTS.map((port) => accepts({ port }))).peer).toBeNull();
  });

  it('a connection that is older than the service has no time', () => {
    const old = { flags: FLAG.PREEXISTING };
    const machine = machineOf(...PORTS.flatMap((port) => [toVirtual(port, old), accepts({ port })]));
    expect(machine.peer).toBeNull();
    const server = machineOf(...PORTS.flatMap((port) => [toVirtual(port), accepts({ port, ...old })]));
    expect(server.peer).toBeNull();
  });

  it('a server at the destination itself is behind no translation', () => {
    const at = { to: VIRTUAL, at: 80 };
    expect(
      machineOf(...PORTS.flatMap((port) => [toVirtual(port), accepts({ port, ...at })])).peer,
    ).toBeNull();
  });

  it('a translated source (SNAT) is not the client’s', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port, { from: '10.0.0.1' })));
    expect(machine.peer).toBeNull();
  });

  it('loopback is never looked at', () => {
    const from = '127.0.0.1';
    const local = PORTS.flatMap((port) => [toVirtual(port, { from }), accepts({ port, from, netns: 1 })]);
    expect(machineOf(...local).peer).toBeNull();
    const server = { to: '127.0.0.1', netns: 1 };
    expect(machineOf(...PORTS.flatMap((port) => pair(port, server))).peer).toBeNull();
  });

  it('a server in a user’s namespace is nobody to root’s client, and to the user’s own it is', () => {
    const of = (users: readonly (readonly [number, number | null])[]) => {
      const machine = new Machine();
      for (const [netns, uid] of users) machine.users.set(netns, uid);
      machine.listen();
      return later(machine, ...PORTS.flatMap((port) => pair(port))).peer;
    };
    expect(of([[2, 1000]])).toBeNull();
    expect(of([[2, null]])).toBeNull();
    const own = [1000, 1000].map((uid, at) => [at + 1, uid] as const);
    expect(of(own)).toBe('postgres');
    expect(of([[1, 1000]])).toBe('postgres');
  });

  it('where more servers’ ends are than can be compared, nobody is shown', () => {
    const many = Array.from({ length: 1024 }, (_, at) =>
      accepts({ netns: 3, owner: 3, to: `10.9.${at >> 8}.${at & 255}`, from: '10.0.0.9' }),
    );
    expect(among(...many)).toBeNull();
    expect(among(...many.slice(1))).toBe('postgres');
    const known = machineOf(...PORTS.flatMap((port) => pair(port)));
    expect(later(known, ...many, ...pair(40_003)).peer).toBe('postgres');
  });
});

describe('a connection that leads elsewhere', () => {
  it('starts the count anew', () => {
    const machine = machineOf(...pair(40_000), ...pair(40_001));
    later(machine, toVirtual(40_002));
    expect(later(machine, ...pair(40_003)).peer).toBeNull();
  });

  it('takes back what is shown, and twice as many must agree then', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    expect(later(machine, toVirtual(40_003)).peer).toBeNull();
    const more = [41_000, 41_001, 41_002, 41_003, 41_004].flatMap((port) => pair(port));
    expect(later(machine, ...more).peer).toBeNull();
    expect(later(machine, ...pair(41_005)).peer).toBe('postgres');
  });

  it('leads to another server: so does each of two behind one address', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    machine.listen(3, 3);
    const other = { netns: 3, owner: 3, to: '10.0.0.8' };
    expect(later(machine, ...pair(40_003, other)).peer).toBeNull();
    const both = [41_000, 41_001, 41_002].flatMap((port) => [...pair(port), ...pair(port + 100, other)]);
    expect(later(machine, ...both).peer).toBeNull();
  });

  it('follows a server that has ended: three are enough', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    machine.feed(exited(2));
    machine.listen(3, 3);
    const other = { netns: 3, owner: 3, to: '10.0.0.8' };
    const next = [41_000, 41_001, 41_002].flatMap((port) => pair(port, other));
    expect(later(machine, ...next).peer).toBe('redis');
  });

  it('is one that was found by its four numbers, too', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    machine.listen(3, 3);
    const exact = { port: 42_000, to: VIRTUAL, at: 80, netns: 3, owner: 3 };
    const listens = accepts({ ...exact, port: 50_000, from: '10.0.0.9' });
    expect(
      later(machine, listens, connects({ ...exact, netns: 1, owner: 1 }), accepts(exact)).peer,
    ).toBeNull();
  });
});

describe('what is shown', () => {
  const passing = (machine: Machine, from: number) => {
    for (let port = from; port < from + 8; port++) {
      machine.feed(toVirtual(port));
      machine.aggregator.sockets.remove(machine.slotOf(port));
    }
    machine.tick(125);
  };

  it('stays while one of the connections is open, and goes when new ones have not been found for two minutes', () => {
    const machine = machineOf(...PORTS.flatMap((port) => pair(port)));
    passing(machine, 41_000);
    expect(machine.peer).toBe('postgres');
    for (const port of PORTS) machine.aggregator.sockets.remove(machine.slotOf(port));
    passing(machine, 42_000);
    expect(machine.peer).toBeNull();
  });
});
