/**
 * A client written from the contract alone: WebSocket and JSON, nothing of ours. It keeps a map by `key` per
 * subscription, applies deltas in order, and remembers each table as it was at every `seq`.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Ending, Scope } from '../support/scope.js';

export interface Row {
  key: string;
  [field: string]: unknown;
}

/** A table as a set: rows by key, and what stands beside them. */
export interface State {
  rows: Row[];
  total: number;
  other: unknown;
}

interface Frame {
  type: string;
  sub: string;
  seq: number;
  prev: number;
  total: number;
  other: unknown;
  rows: Row[];
  set: Row[];
  del: string[];
  epoch: string;
}

export const byKey = (rows: Iterable<Row>): Row[] =>
  [...rows].sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));

class Copy {
  private readonly rows = new Map<string, Row>();
  /** Since it was last asked for: the state after each frame, oldest first. */
  private states: { seq: number; state: State }[] = [];
  private seq = -1;
  deltas = 0;

  take(frame: Frame): void {
    if (frame.type === 'snapshot') this.rows.clear();
    else if (frame.prev !== this.seq) throw new Error(`delta after ${frame.prev} upon ${this.seq}`);
    else this.deltas++;
    for (const key of frame.del ?? [])
      if (!this.rows.delete(key)) throw new Error(`deletes ${key}, which is not there`);
    for (const row of frame.rows ?? frame.set) this.rows.set(row.key, row);
    this.seq = frame.seq;
    const { seq, total, other } = frame;
    this.states.push({ seq, state: { rows: byKey(this.rows.values()), total, other } });
  }

  /** As of `seq`, once later frames of this client have come: what did not change has no frame of its own. */
  at(seq: number): State | undefined {
    const past = this.states.filter((one) => one.seq <= seq);
    this.states = this.states.slice(Math.max(0, past.length - 1));
    return past.at(-1)?.state;
  }
}

export class ContractClient implements Ending {
  epoch = '';
  closed = false;
  private latest = -1;
  private readonly copies = new Map<string, Copy>();
  private fault: Error | null = null;
  private readonly waiting: (() => void)[] = [];

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => this.receive(String(data)));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  static async open(scope: Scope, url: string): Promise<ContractClient> {
    const socket = new WebSocket(new URL('/api/v1/stream', url.replace('http', 'ws')), 'portchurn.v1');
    const client = scope.use(new ContractClient(socket));
    await once(socket, 'open');
    return client;
  }

  subscribe(sub: string, wish: Record<string, unknown>): void {
    this.copies.set(sub, new Copy());
    this.socket.send(JSON.stringify({ type: 'subscribe', sub, ...wish }));
  }

  deltasOf(sub: string): number {
    return this.copies.get(sub)?.deltas ?? 0;
  }

  /** The table of `sub` at tick `seq`. Frames of one tick come together: a later one says that all of `seq` have come. */
  async at(sub: string, seq: number): Promise<State> {
    await this.passed(seq);
    const state = this.copies.get(sub)?.at(seq);
    if (state === undefined) throw new Error(`${sub} had no state at ${seq}`);
    return state;
  }

  /** Waits for a frame of a later tick than `seq`. */
  async passed(seq: number): Promise<void> {
    while (this.latest <= seq) await this.next();
  }

  async end(): Promise<void> {
    if (this.closed) return;
    const closed = once(this.socket, 'close'); // not next(): a client with a fault would ask it for ever
    this.socket.close();
    await closed;
  }

  /** When the service has gone. */
  async gone(): Promise<void> {
    while (!this.closed) await this.next();
  }

  private async next(): Promise<void> {
    if (this.fault) throw this.fault;
    if (this.closed) throw new Error('the service closed the stream');
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  private receive(text: string): void {
    try {
      this.take(JSON.parse(text) as Frame);
    } catch (error) {
      this.fault ??= error as Error;
    }
    this.wake();
  }

  private take(frame: Frame): void {
    if (frame.type === 'error') throw new Error(text(frame));
    if (frame.type === 'hello') this.epoch = frame.epoch;
    if (frame.type !== 'snapshot' && frame.type !== 'delta') return;
    this.copies.get(frame.sub)?.take(frame);
    this.latest = Math.max(this.latest, frame.seq);
  }
}

const text = (frame: Frame) => JSON.stringify(frame);
