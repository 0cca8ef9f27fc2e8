/** The other end of short connections where addresses are translated on the way: both ends have the same mark when they close. */
import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../../src/decode/layout.js';
import {
  accepts,
  CLOSED,
  clientLived,
  connects,
  LEFT,
  Machine,
  serverLived,
  settling,
  type Way,
} from './machine.js';

/** An address that no server has, as a client knows it, and the router's, as a server knows it. */
const [VIRTUAL, ROUTER] = ['10.96.0.10', '10.0.9.1'];
/** Ticks until a close has been compared with what came two seconds earlier and later. */
const SETTLED = 5;
const TO_VIRTUAL = { to: VIRTUAL, at: 80 };

let marks = 1;
const client = (mark: number, way: Way = {}) =>
  clientLived({ port: 40_000 + (mark % 20_000), ...TO_VIRTUAL, ...way }, { ...LEFT, seq_mark: mark });
const server = (mark: number, way: Way = {}) =>
  serverLived({ port: 50_000, from: ROUTER, ...way }, { ...CLOSED, seq_mark: mark });

/** Connections that lead to the server. */
function pairs(count: number, way: Way = {}): Uint8Array[] {
  return Array.from({ length: count }, () => ++marks).flatMap((mark) => [client(mark), server(mark, way)]);
}

const { machineOf, later } = settling(SETTLED);

describe('three connections whose two ends have one mark', () => {
  it('show the server, whatever addresses are translated', () => {
    expect(machineOf(...pairs(3)).peer).toBe('postgres');
  });

  it('are needed', () => {
    const machine = machineOf(...pairs(2));
    expect(machine.peer).toBeNull();
    expect(later(machine, ...pairs(1)).peer).toBe('postgres');
  });

  it('may have been seen open, for less than the time after which open ones are judged', () => {
    const machine = new Machine();
    machine.listen();
    const ports = [40_000, 40_001, 40_002];
    machine.feed(
      ...ports.flatMap((port) => [connects({ port, ...TO_VIRTUAL }), accepts({ port, from: ROUTER })]),
    );
    machine.tick();
    for (const port of ports) {
      machine.closeAt(port, { ...LEFT, flags: FLAG.OPEN_SENT, seq_mark: ++marks });
      machine.feed(server(marks));
    }
    machine.tick(SETTLED);
    expect(machine.peer).toBe('postgres');
  });

  it.each([1, 2])('may close %i seconds apart, either end first', (seconds) => {
    for (const [first, last] of [
      [client, server],
      [server, client],
    ] as const) {
      const machine = new Machine();
      machine.listen();
      const mine = [++marks, ++marks, ++marks];
      machine.feed(...mine.map((mark) => first(mark)));
      machine.tick(seconds);
      expect(later(machine, ...mine.map((mark) => last(mark))).peer).toBe('postgres');
    }
  });

  it('show it in the client’s own namespace', () => {
    const machine = new Machine();
    machine.listen(1);
    expect(later(machine, ...pairs(3, { netns: 1 })).peer).toBe('postgres');
  });
});

describe('what proves nothing', () => {
  it.each([
    ['no mark', () => [client(0), server(0)]],
    ['a mark that only clients have', () => [client(++marks), client(marks, { netns: 3 })]],
    ['another mark', () => [client(++marks), server(++marks)]],
  ])('%s', (_, one) => {
    expect(machineOf(...one(), ...one(), ...one(), ...one()).peer).toBeNull();
  });

  it('a server at the destination itself: its four numbers decide', () => {
    const at = { to: VIRTUAL, at: 80 };
    expect(machineOf(...pairs(3, at)).peer).toBeNull();
  });

  it('a server in a user’s namespace, which nobody else’s client is shown', () => {
    const machine = new Machine();
    machine.users.set(2, 1000);
    machine.listen();
    expect(later(machine, ...pairs(6)).peer).toBeNull();
    machine.users.set(1, 1000);
    expect(later(machine, ...pairs(3)).peer).toBe('postgres');
  });

  it('a server whose process nobody knows', () => {
    const machine = machineOf(...pairs(2, { owner: 0 }));
    expect(later(machine, ...pairs(1)).peer).toBeNull();
  });

  it('a mark against four numbers: who was found by these stays, and takes no room from others', () => {
    const exact = (port: number, seq_mark: number) => [
      clientLived({ netns: 4, port }, { ...LEFT, seq_mark }),
      serverLived({ port }, CLOSED),
    ];
    const machine = machineOf(connects({ netns: 4, port: 41_000 }), accepts({ port: 41_000 }));
    const shown = () =>
      machine.flows().find(({ netnsId }) => netnsId === '4')?.destination.peer?.process.name;
    expect(shown()).toBe('postgres');
    machine.listen(3, 3);
    const other = { netns: 3, owner: 3, to: '10.0.0.8' };
    for (let port = 42_000; port < 42_003; port++)
      machine.feed(...exact(port, ++marks), server(marks, other));
    later(machine);
    const many = Array.from({ length: 2000 }, (_, at) => exact(44_000 + at, ++marks)).flat();
    expect(later(machine, ...many, ...pairs(3)).peer).toBe('postgres');
    expect(shown()).toBe('postgres');
  });

  it('anything, while only some events come', () => {
    const machine = new Machine({ seesAll: false });
    machine.listen();
    expect(later(machine, ...pairs(3)).peer).toBeNull();
  });
});

describe('a connection that leads elsewhere', () => {
  const shown = () => machineOf(...pairs(3));

  it('takes back what is shown, and twice as many must agree then', () => {
    const machine = shown();
    expect(later(machine, client(++marks)).peer).toBeNull();
    expect(later(machine, ...pairs(5)).peer).toBeNull();
    expect(later(machine, ...pairs(1)).peer).toBe('postgres');
  });

  it('leads to another server', () => {
    const machine = shown();
    machine.listen(3, 3);
    expect(later(machine, ...pairs(1, { netns: 3, owner: 3 })).peer).toBeNull();
  });

  it('is not one that was reset, nor one of another destination', () => {
    const machine = shown();
    machine.feed(clientLived({ port: 41_000, ...TO_VIRTUAL }, { ...CLOSED, end: 4 }));
    expect(later(machine, client(++marks, { to: '192.0.2.1' })).peer).toBe('postgres');
  });

  it('is not one whose other end may have been lost with events', () => {
    const machine = shown();
    machine.feed(client(++marks));
    machine.hasLost = true;
    machine.tick();
    machine.hasLost = false;
    machine.tick(SETTLED);
    expect(machine.peer).toBe('postgres');
    expect(later(machine, client(++marks)).peer).toBeNull();
  });

  it('is not one that was judged while it was open', () => {
    const machine = new Machine();
    machine.listen();
    const ports = [40_000, 40_001, 40_002];
    machine.feed(...ports.flatMap((port) => [connects({ port, ...TO_VIRTUAL }), accepts({ port })]));
    machine.tick(SETTLED);
    expect(machine.peer).toBe('postgres');
    machine.closeAt(40_000, { ...LEFT, flags: FLAG.OPEN_SENT, seq_mark: ++marks });
    machine.tick(SETTLED);
    expect(machine.peer).toBe('postgres');
  });
});

describe('more closes than are compared', () => {
  /** Marks that are spread as those of a kernel are. */
  const spread = (n: number) => (Math.imul(n, 0x9e37_79b1) | 1) >>> 0;
  const many = (from: number, count: number) =>
    Array.from({ length: count }, (_, at) => spread(from + at)).flatMap((mark) => [
      client(mark),
      server(mark),
    ]);

  it('are compared in part, the same at both ends: the server is shown, and none is taken for one elsewhere', () => {
    const machine = new Machine();
    machine.listen();
    const shown: (string | null | undefined)[] = [];
    for (let second = 0; second < 12; second++) {
      machine.feed(...many(1 + second * 3000, 3000));
      machine.tick();
      shown.push(machine.peer);
    }
    expect(shown.slice(3)).toEqual(Array(9).fill('postgres'));
  });

  it('say nothing of one whose other end came when fewer were compared', () => {
    const machine = machineOf(...pairs(3));
    machine.feed(...Array.from({ length: 600 }, () => client(++marks, { netns: 4 })));
    const high = 2 ** 32 - 10;
    machine.feed(client(high));
    machine.tick();
    expect(later(machine, server(high)).peer).toBe('postgres');
  });

  it('say nothing of one whose other end found no room', () => {
    const machine = machineOf(...pairs(3));
    machine.feed(...Array.from({ length: 1024 }, () => server(++marks, { netns: 3, owner: 3 })));
    expect(later(machine, ...pairs(1)).peer).toBe('postgres');
  });

  it('are all compared again when few come', () => {
    const machine = new Machine();
    machine.listen();
    machine.feed(...Array.from({ length: 20_000 }, (_, at) => client(spread(at), { netns: 4 })));
    machine.tick(12);
    const last = [1, 2, 3].map((n) => 2 ** 32 - n);
    expect(later(machine, ...last.flatMap((mark) => [client(mark), server(mark)])).peer).toBe('postgres');
  });
});
