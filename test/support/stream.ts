/**
 * A WebSocket client that knows nothing but the contract: it applies deltas in order and refuses whatever breaks the
 * protocol's promises. Waiting is driven by frames, never by time.
 */
import { WebSocket } from 'ws';
import type { RowOf, TableTopic } from '../../src/protocol/frames.js';
import type { Ending, Scope } from './scope.js';

type Frame = Record<string, unknown> & { type: string; sub?: string };

export interface SubscribeOptions {
  filter?: string;
  sort?: string;
  limit?: number;
  group?: string;
  intervalMs?: number;
}

/** One subscription's copy of a table. */
export class Table<Row extends { key: string }> {
  readonly rows = new Map<string, Row>();
  seq = -1;
  total = 0;
  frames = 0;
  private waiting: (() => void)[] = [];
  private broken: Error | undefined;

  constructor(readonly topic: string) {}

  /** Waits for a state of the table; looked at now and after each frame. */
  async until<T>(find: (rows: Row[]) => T | undefined | false, withinMs = 30_000): Promise<T> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      if (this.broken) throw this.broken;
      const found = find([...this.rows.values()]);
      if (found !== undefined && found !== false) return found;
      if (!(await this.nextFrame(deadline - performance.now()))) throw this.never(withinMs);
    }
  }

  take(frame: Frame): void {
    if (frame.type === 'snapshot') this.replace(frame);
    else if (frame.type === 'delta') this.apply(frame);
    this.frames++;
    this.wake();
  }

  fail(error: Error): void {
    this.broken ??= error;
    this.wake();
  }

  private replace(frame: Frame): void {
    this.rows.clear();
    for (const row of frame.rows as Row[]) this.rows.set(row.key, row);
    this.note(frame);
  }

  private apply(frame: Frame): void {
    if (frame.prev !== this.seq)
      this.fail(new Error(`delta of ${this.topic} follows ${String(frame.prev)}, the last was ${this.seq}`));
    for (const key of frame.del as string[]) this.rows.delete(key);
    for (const row of frame.set as Row[]) this.rows.set(row.key, row);
    this.note(frame);
  }

  private note(frame: Frame): void {
    this.seq = frame.seq as number;
    this.total = frame.total as number;
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake();
  }

  private nextFrame(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, withinMs));
      this.waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  private never(withinMs: number): Error {
    const seen = [...this.rows.values()].slice(0, 20).map((row) => JSON.stringify(row));
    return new Error(`${this.topic}: not within ${withinMs} ms; ${this.rows.size} rows:\n${seen.join('\n')}`);
  }
}

export class Stream implements Ending {
  hello: Frame | undefined;
  private readonly tables = new Map<string, Table<never>>();
  private count = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => this.receive(String(data), isBinary));
    socket.on('error', (error) => this.breakAll(error));
    socket.on('close', (code) => this.breakAll(new Error(`the service closed the stream: ${code}`)));
  }

  /** `url`: the service's, http. */
  static async open(scope: Scope, url: string): Promise<Stream> {
    const socket = new WebSocket(
      `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/api/v1/stream`,
      'portchurn.v1',
    );
    const stream = scope.use(new Stream(socket));
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return stream;
  }

  subscribe<T extends TableTopic>(topic: T, options: SubscribeOptions = {}): Table<RowOf<T>> {
    const sub = `s${++this.count}`;
    const table = new Table<RowOf<T>>(topic);
    this.tables.set(sub, table as unknown as Table<never>);
    this.socket.send(JSON.stringify({ type: 'subscribe', sub, topic, ...options }));
    return table;
  }

  end(): Promise<void> {
    this.tables.clear();
    const closed = new Promise<void>((resolve) => this.socket.once('close', () => resolve()));
    if (this.socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    this.socket.close();
    return closed;
  }

  private receive(text: string, isBinary: boolean): void {
    if (isBinary) this.breakAll(new Error('a binary frame came'));
    const frame = JSON.parse(text) as Frame;
    if (!this.hello && frame.type !== 'hello') this.breakAll(new Error(`${frame.type} came before hello`));
    if (frame.type === 'hello') this.hello = frame;
    else if (frame.type === 'error') this.refuse(frame);
    else this.tables.get(frame.sub ?? '')?.take(frame);
  }

  private refuse(frame: Frame): void {
    const error = new Error(`the service says ${String(frame.code)}: ${String(frame.message)}`);
    const table = this.tables.get(frame.sub ?? '');
    if (table) table.fail(error);
    else this.breakAll(error);
  }

  private breakAll(error: Error): void {
    for (const table of this.tables.values()) table.fail(error);
  }
}
