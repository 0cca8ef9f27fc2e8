/**
 * The real server over loopback in front of tables that a test fills by hand, and a client that only knows the protocol:
 * it validates every frame it gets and applies deltas in order. Publish ticks come when the test says so.
 */
import { once } from 'node:events';
import { expect } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type {
  ClientFrame,
  Delta,
  EventsFrame,
  RowOf,
  ServerFrame,
  Snapshot,
  SnapshotBody,
  TableTopic,
} from '../../../src/protocol/frames.js';
import { CLOSE, STREAM_PATH, SUBPROTOCOL } from '../../../src/protocol/names.js';
import type { ConnectionEvent } from '../../../src/protocol/rows.js';
import type { Changes, EventInterest, Health, Source, TableSource } from '../../../src/protocol/source.js';
import { serverFrameFault, snapshotBodyFault } from '../../../src/protocol/validate.js';
import type { Hub } from '../../../src/publish/hub.js';
import type { RunningServer, ServerOptions } from '../../../src/publish/server.js';
import { HEALTHY, served } from '../../support/served.js';

export class MemoryTable<T extends TableTopic> implements TableSource<T> {
  #set = new Map<string, RowOf<T>>();
  #del = new Set<string>();
  collected = 0;

  put(...rows: RowOf<T>[]): void {
    for (const row of rows) {
      this.#del.delete(row.key);
      this.#set.set(row.key, row);
    }
  }

  drop(key: string): void {
    this.#set.delete(key);
    this.#del.add(key);
  }

  collect(): Changes<RowOf<T>> {
    const changes = { set: [...this.#set.values()], del: [...this.#del] };
    this.#set = new Map();
    this.#del = new Set();
    this.collected++;
    return changes;
  }
}

type Listener = (events: readonly ConnectionEvent[], dropped: number) => void;

export class MemorySource implements Source {
  readonly flows = new MemoryTable<'flows'>();
  readonly totals = new MemoryTable<'totals'>();
  readonly budgets = new MemoryTable<'budgets'>();
  readonly failures = new MemoryTable<'failures'>();
  readonly tables: Source['tables'] = {
    flows: this.flows,
    totals: this.totals,
    budgets: this.budgets,
    failures: this.failures,
  };
  state: Health | null = { ...HEALTHY, auditAgeMs: 100 };
  readonly interests: (EventInterest | null)[] = [];
  #listener: Listener = () => {};
  readonly events = {
    listen: (interest: EventInterest | null, listener: Listener): void => {
      this.interests.push(interest);
      this.#listener = listener;
    },
  };

  emit(events: readonly ConnectionEvent[], dropped = 0): void {
    this.#listener(events, dropped);
  }

  health(): Health | null {
    return this.state;
  }
}

/** Longer than any test: only the test ticks. With it every tick is also a heartbeat. */
const NEVER_MS = 60_000;

export class World {
  readonly #clients = new Set<TestClient>();

  private constructor(
    readonly source: MemorySource,
    readonly server: RunningServer,
  ) {}

  static async start(options: Partial<ServerOptions> & { source?: MemorySource } = {}): Promise<World> {
    const { source = new MemorySource() } = options;
    const server = await served(source, {
      intervalMs: NEVER_MS,
      version: '0.0.0-test',
      host: 'testhost',
      kernel: '6.1.0',
      ...options,
    });
    return new World(source, server);
  }

  get hub(): Hub {
    return this.server.hub;
  }

  get url(): string {
    return this.server.url;
  }

  /** One publish tick; its number. */
  tick(): number {
    this.hub.publish(Date.now());
    return this.hub.tick.seq;
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, this.url), init);
  }

  async snapshot(query = ''): Promise<SnapshotBody> {
    const response = await this.get(`/api/v1/snapshot${query}`);
    expect(response.status).toBe(200);
    const body = (await response.json()) as SnapshotBody;
    expect(snapshotBodyFault(body)).toBeNull();
    return body;
  }

  async connect(options: ClientOptions = {}, protocols: string[] = [SUBPROTOCOL]): Promise<TestClient> {
    const client = await TestClient.open(this.url, options, protocols);
    this.#clients.add(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.socket.terminate();
    await this.server.stop();
  }
}

type Row = RowOf<TableTopic>;
/** What a client holds of one subscription. */
export interface Copy {
  seq: number;
  rows: Map<string, Row>;
  total: number;
  other: unknown;
  snapshots: number;
  deltas: number;
}

export class TestClient {
  readonly frames: ServerFrame[] = [];
  readonly copies = new Map<string, Copy>();
  #wake: (() => void)[] = [];
  closed: number | null = null;
  fault: string | null = null;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => this.#take(data.toString(), isBinary));
    socket.on('close', (code) => {
      this.closed = code;
      this.#notify();
    });
    socket.on('error', () => {});
  }

  static async open(url: string, options: ClientOptions, protocols: string[]): Promise<TestClient> {
    const socket = new WebSocket(
      `${url.replace('http', 'ws').replace(/\/$/, '')}${STREAM_PATH}`,
      protocols,
      options,
    );
    const client = new TestClient(socket);
    await once(socket, 'open');
    return client;
  }

  send(frame: ClientFrame | Record<string, unknown> | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** The first frame, seen already or to come, that passes `accepts`. Fails when the connection closes first. */
  async until<F extends ServerFrame>(accepts: (frame: ServerFrame) => frame is F): Promise<F>;
  async until(accepts: (frame: ServerFrame) => boolean): Promise<ServerFrame>;
  async until(accepts: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    for (let seen = 0; ; ) {
      const have = this.frames.length;
      const found = this.frames.slice(seen).find(accepts);
      expect(this.fault).toBeNull();
      if (found) return found;
      if (this.closed !== null)
        throw new Error(`closed ${this.closed}: ${JSON.stringify(this.frames.at(-1))}`);
      await this.#frame(have);
      seen = have;
    }
  }

  /** The copy once it has reached tick `seq`. */
  async at(sub: string, seq: number): Promise<Copy> {
    await this.until((frame) => 'seq' in frame && frame.sub === sub && frame.seq >= seq);
    return this.copies.get(sub)!;
  }

  snapshotOf(sub: string): Promise<Snapshot> {
    return this.until((frame): frame is Snapshot => frame.type === 'snapshot' && frame.sub === sub);
  }

  eventsOf(sub: string, seq: number): Promise<EventsFrame> {
    return this.until(
      (frame): frame is EventsFrame => frame.type === 'events' && frame.sub === sub && frame.seq >= seq,
    );
  }

  /** The close code. */
  async closing(): Promise<number> {
    while (this.closed === null) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.closed;
  }

  #frame(have: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.frames.length > have || this.closed !== null) resolve();
      else this.#wake.push(resolve);
    });
  }

  #take(text: string, isBinary: boolean): void {
    const frame = JSON.parse(text) as ServerFrame;
    const first = this.frames.length === 0;
    this.fault ??= isBinary ? 'binary frame' : serverFrameFault(frame);
    if (first !== (frame.type === 'hello')) this.fault ??= `hello is the first frame, not ${frame.type}`;
    if (frame.type === 'snapshot') this.#replace(frame);
    if (frame.type === 'delta') this.#apply(frame);
    this.frames.push(frame);
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #replace({ sub, seq, rows, total, other }: Snapshot): void {
    const { snapshots = 0, deltas = 0 } = this.copies.get(sub) ?? {};
    const byKey = new Map((rows as Row[]).map((row) => [row.key, row]));
    this.copies.set(sub, { seq, rows: byKey, total, other, snapshots: snapshots + 1, deltas });
  }

  #apply({ sub, seq, prev, set, del, total, other }: Delta): void {
    const copy = this.copies.get(sub);
    if (copy?.seq !== prev || seq <= prev) this.fault ??= `delta ${prev}→${seq} upon ${copy?.seq}`;
    if (!copy) return;
    // A row may have come and gone between the ticks of a merged delta.
    for (const key of del)
      if (!copy.rows.delete(key) && seq === prev + 1) this.fault ??= `delete of unknown ${key}`;
    for (const row of set) copy.rows.set(row.key, row);
    Object.assign(copy, { seq, total, other, deltas: copy.deltas + 1 });
  }
}

export const STALLED = CLOSE.stalled;

/** A table as a set: what deltas promise. */
export function bySet(rows: Iterable<Row>): Row[] {
  return [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Repeatable random numbers (mulberry32): whole, from 0 to below `n`. */
export function random(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}
