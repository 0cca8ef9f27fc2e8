/**
 * Sockets of one network namespace as a kernel might have them: connections that open and close, entries that wait, are armed anew,
 * taken over, or vanish. In: random numbers. Out: the events of what happens, some of them lost, and the sockets that a dump shows.
 */
import { END, EVENT, FLAG } from '../../src/decode/layout.js';
import { eventOf, outbound } from '../support/aggregate-world.js';
import type { Random } from '../support/random.js';
import { addressBytes, record } from '../support/records.js';
import { dumpSocket } from '../unit/decode/dump-records.js';

const [ESTABLISHED, FIN_WAIT2, TIME_WAIT, CLOSE] = [1, 5, 6, 7];
const TIMER_TIME_WAIT = 3;
const PORTS = 40;
const SERVER = { address: '10.0.0.9', port: 5432 };
const LIFE_NS = 60e9;
/** The kernel's timers end up to this late. */
const LATE_NS = 2e9;
/** Cookies differ in both halves. */
const HIGH = 2 ** 32;

interface Socket {
  cookie: number;
  owner: number;
  port: number;
  /** ESTABLISHED; or of a mini-socket, its substate. */
  state: number;
  /** Of a mini-socket: when its timer ends, and when the kernel gets to it. */
  deadlineNs: number;
  goesNs: number;
}

export class ImaginedKernel {
  readonly sockets = new Map<number, Socket>();
  private next = 1;

  constructor(
    readonly netns: number,
    private readonly random: Random,
    /** Of a hundred events. */
    private readonly lost: number,
  ) {}

  /** Something happens. Returns events of it; they are still to get their time. */
  happen(nowNs: number): Uint8Array[] {
    this.expire(nowNs);
    const what = this.random(100);
    if (what < 45) return this.open();
    if (what < 80) return this.close(nowNs);
    const waiting = this.some((socket) => socket.state !== ESTABLISHED);
    if (waiting === undefined) return [];
    if (what < 90) this.arm(waiting, nowNs);
    else this.sockets.delete(waiting.cookie);
    return [];
  }

  /** The lost owner of a socket whose open was lost, as the kernel's record of it. */
  lostOwner(): Uint8Array {
    const { cookie = 1, owner = 1 } = this.some(() => true) ?? {};
    return record('lost_owner', { cookie, owner, owner_tgid: 1000 + owner, direction: 1 });
  }

  /** As dump_socket records, in an order of the kernel's own. @param lateNs how late the time of telling is known */
  shown(nowNs: number, startedNs: number, lateNs: number): Uint8Array[] {
    this.expire(nowNs);
    const order = [...this.sockets.values()].sort((a, b) => (a.cookie % 7) - (b.cookie % 7));
    return order.map((socket) => this.record(socket, nowNs - startedNs, nowNs, lateNs));
  }

  private record(socket: Socket, elapsedNs: number, nowNs: number, lateNs: number): Uint8Array {
    const { cookie, port, state, deadlineNs } = socket;
    const isMini = state !== ESTABLISHED;
    const left = isMini ? Math.max(0, deadlineNs - nowNs) : 0;
    return dumpSocket({
      ...{ cookie, state, family: 2, lport: port, rport: SERVER.port },
      timer: isMini ? TIMER_TIME_WAIT : 0,
      laddr: addressBytes('10.0.0.1'),
      raddr: addressBytes(SERVER.address),
      expires_ms: left === 0 ? 0 : Math.ceil((left + elapsedNs + lateNs) / 1e6),
    });
  }

  private expire(nowNs: number): void {
    for (const { cookie, state, goesNs } of this.sockets.values())
      if (state !== ESTABLISHED && goesNs <= nowNs) this.sockets.delete(cookie);
  }

  private some(fits: (socket: Socket) => boolean): Socket | undefined {
    const all = [...this.sockets.values()].filter(fits);
    return all[this.random(Math.max(1, all.length))];
  }

  /** On a port that has no connection; an entry there is taken over. */
  private open(): Uint8Array[] {
    const port = 40_000 + this.random(PORTS);
    const before = [...this.sockets.values()].find((socket) => socket.port === port);
    if (before?.state === ESTABLISHED) return [];
    if (before !== undefined) this.sockets.delete(before.cookie);
    const cookie = HIGH * this.netns + this.next++;
    const socket = { cookie, owner: 1 + this.random(2), port, state: ESTABLISHED, deadlineNs: 0, goesNs: 0 };
    this.sockets.set(cookie, socket);
    return this.reported(socket, EVENT.ESTABLISHED, { oldstate: 2, newstate: ESTABLISHED });
  }

  private close(nowNs: number): Uint8Array[] {
    const socket = this.some(({ state }) => state === ESTABLISHED);
    if (socket === undefined) return [];
    const left = this.random(10);
    const end = left < 6 ? END.TIME_WAIT : left < 8 ? END.FIN_WAIT2 : END.PASSIVE;
    if (end === END.PASSIVE) this.sockets.delete(socket.cookie);
    else this.arm(socket, nowNs, end === END.TIME_WAIT ? TIME_WAIT : FIN_WAIT2);
    const first =
      end === END.PASSIVE ? { oldstate: 9 } : { oldstate: FIN_WAIT2, tw_lifetime_ms: LIFE_NS / 1e6 };
    const flags = FLAG.OPEN_SENT | (end === END.PASSIVE ? 0 : FLAG.CLOSED_FIRST);
    return this.reported(socket, EVENT.CLOSED, { end, newstate: CLOSE, duration_ns: 2e6, flags, ...first });
  }

  /** By the peer's FIN, the first one or another. */
  private arm(socket: Socket, nowNs: number, state = TIME_WAIT): void {
    socket.state = state;
    socket.deadlineNs = nowNs + LIFE_NS;
    socket.goesNs = socket.deadlineNs + this.random(LATE_NS);
  }

  private reported(
    { cookie, owner, port }: Socket,
    type: number,
    fields: Parameters<typeof eventOf>[2],
  ): Uint8Array[] {
    if (this.random(100) < this.lost) return [];
    const { netns } = this;
    const one = outbound({ cookie, owner, netns, remote: SERVER.address, port: SERVER.port });
    return [eventOf(one, type, { lport: port, ...fields })];
  }
}
