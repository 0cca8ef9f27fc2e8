/** Two machines' worth of connections on one: clients and servers of which a test sends each event, and who is found at the other end. */
import { Peers } from '../../../../src/aggregate/peers/peers.js';
import { DIRECTION, END, EVENT } from '../../../../src/decode/layout.js';
import { announced, type Connection, eventOf, World } from '../../../support/aggregate-world.js';
import { addressBytes, type Fields } from '../../../support/records.js';

export const [CLIENT, SERVER] = ['10.0.0.2', '10.0.0.7'];
const LISTEN = 10;

/** A client (process 1) in namespace 1 and a server (process 2), each of whose events the test sends. */
export class Machine extends World {
  readonly peers: Peers;
  /** Whether events of the second before each tick were lost. */
  hasLost = false;
  /** Whose network namespaces are, by their numbers; the others are root's, as audits say. */
  readonly users = new Map<number, number | null>();

  constructor({ seesAll = true } = {}) {
    super();
    this.peers = new Peers(this.aggregator, seesAll);
    this.feed(
      announced(1),
      announced(2, { comm: 'postgres', exe: '/usr/bin/postgres', cmdline: ['postgres'] }),
      announced(3, { comm: 'redis', exe: '/usr/bin/redis', cmdline: ['redis'] }),
    );
  }

  listen(netns = 2, owner = 2): void {
    const one = end({ netns, owner, direction: DIRECTION.IN, cookie: 900 + netns });
    this.feed(
      eventOf(one, EVENT.ACCEPTED, {
        newstate: LISTEN,
        lport: 5432,
        raddr: addressBytes('0.0.0.0'),
        rport: 0,
      }),
    );
  }

  tick(times = 1): void {
    for (let at = 0; at < times; at++) {
      this.pass(1000);
      for (const one of this.aggregator.namespaces.all())
        one.ownerUid = this.users.has(one.cookie) ? (this.users.get(one.cookie) ?? null) : 0;
      this.peers.tick((this.now - this.aggregator.unixMsAtZero) * 1e6, this.hasLost);
    }
  }

  /** Of the client's socket with this port. */
  slotOf(port: number): number {
    const { sockets } = this.aggregator;
    return Array.from({ length: sockets.end }, (_, slot) => slot).find(
      (slot) => sockets.stateOf(slot) !== 0 && sockets.portOf(slot) === port,
    ) as number;
  }

  /** The client's connection from this port ends. */
  closeAt(port: number, how: Fields<'tcp_event'>): void {
    const [low, high] = this.aggregator.sockets.cookieOf(this.slotOf(port));
    const one = end({ cookie: low + high * 2 ** 32 });
    this.feed(eventOf(one, EVENT.CLOSED, { ...how, ...clientEnds({ port }) }));
  }

  get peer(): string | null | undefined {
    const out = this.flows().find(({ direction, netnsId }) => direction === 'out' && netnsId === '1');
    return out?.destination.peer?.process.name ?? null;
  }
}

const end = (more: Partial<Connection>): Connection => ({
  ...{ cookie: 1, owner: 1, direction: DIRECTION.OUT, netns: 1, flags: 0, remote: SERVER, port: 5432 },
  ...more,
});

let cookies = 1000;

export interface Way {
  readonly netns?: number;
  readonly owner?: number;
  readonly port?: number;
  readonly from?: string;
  readonly to?: string;
  /** The server's. */
  readonly at?: number;
  readonly flags?: number;
}

const clientEnds = ({ port = 40_000, from = CLIENT, to = SERVER, at = 5432 }: Way) => ({
  laddr: addressBytes(from),
  lport: port,
  raddr: addressBytes(to),
  rport: at,
});
const serverEnds = ({ port = 40_000, from = CLIENT, to = SERVER, at = 5432 }: Way) => ({
  laddr: addressBytes(to),
  lport: at,
  raddr: addressBytes(from),
  rport: port,
});

const client = ({ netns = 1, owner = 1, flags = 0 }: Way) => end({ cookie: ++cookies, netns, owner, flags });
const server = ({ netns = 2, owner = 2, flags = 0 }: Way) =>
  end({ cookie: ++cookies, netns, owner, flags, direction: DIRECTION.IN });

export const connects = (way: Way = {}) =>
  eventOf(client(way), EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, ...clientEnds(way) });
export const accepts = (way: Way = {}) =>
  eventOf(server(way), EVENT.ACCEPTED, { newstate: 1, ...serverEnds(way) });

export const LEFT = {
  end: END.TIME_WAIT,
  tw_lifetime_ms: 60_000,
  oldstate: 5,
  newstate: 7,
  duration_ns: 2e6,
};
export const CLOSED = { end: END.PASSIVE, oldstate: 9, newstate: 7, duration_ns: 2e6 };

/** A whole short life at one end: with or without an entry that stays. */
export const clientLived = (way: Way, how: object = CLOSED) =>
  eventOf(client(way), EVENT.COALESCED, { ...how, ...clientEnds(way) });
export const serverLived = (way: Way, how: object = CLOSED) =>
  eventOf(server(way), EVENT.COALESCED, { ...how, ...serverEnds(way) });

export function machineWith(...records: Uint8Array[]): Machine {
  const machine = new Machine();
  machine.listen();
  machine.feed(...records);
  machine.tick();
  return machine;
}

/** Machines on which a server listens, as they are so many ticks after what happened. */
export function settling(ticks: number) {
  const later = (machine: Machine, ...records: Uint8Array[]): Machine => {
    machine.feed(...records);
    machine.tick(ticks);
    return machine;
  };
  const machineOf = (...records: Uint8Array[]): Machine => {
    const machine = new Machine();
    machine.listen();
    return later(machine, ...records);
  };
  return { machineOf, later };
}
