/**
 * WebSocket clients as the dashboard is one: subscribed to flows, budgets and failures. A client counts bytes and
 * frames; one that is asked to also notes how old events are when their frame comes.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Ending, Scope } from '../../test/support/scope.js';

const TOPICS = ['flows', 'budgets', 'failures'] as const;
/** Between two instants for whose event the wait is noted, ms. */
const GRAIN_MS = 2;

interface FlowsFrame {
  type: string;
  topic?: string;
  rows?: { lastSeen: number }[];
  set?: { lastSeen: number }[];
}

export class Client implements Ending {
  frames = 0;
  bytes = 0;
  largest = 0;
  /** Waits from event to frame, ms: one for every instant since the previous frame. */
  waits: number[] = [];
  private newest = 0;

  private constructor(
    private readonly socket: WebSocket,
    private readonly noting: boolean,
  ) {
    socket.on('message', (data: Buffer) => this.take(data));
    socket.on('error', () => undefined); // the service says what became of it
  }

  static async open(scope: Scope, url: string, { noting = false } = {}): Promise<Client> {
    const address = `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/api/v1/stream`;
    const client = scope.use(new Client(new WebSocket(address, 'portchurn.v1'), noting));
    await once(client.socket, 'open');
    for (const topic of TOPICS) client.socket.send(JSON.stringify({ type: 'subscribe', sub: topic, topic }));
    return client;
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.socket.pause();
  }

  reset(): void {
    this.frames = 0;
    this.bytes = 0;
    this.largest = 0;
    this.waits = [];
  }

  async end(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.terminate();
    await closed;
  }

  private take(data: Buffer): void {
    this.frames += 1;
    this.bytes += data.length;
    this.largest = Math.max(this.largest, data.length);
    if (this.noting) this.note(JSON.parse(data.toString()) as FlowsFrame);
  }

  /** An event of time t, after the newest that the previous frame told of, has waited until now. */
  private note(frame: FlowsFrame): void {
    if (frame.topic !== 'flows') return;
    const now = Date.now();
    const newest = (frame.set ?? frame.rows ?? []).reduce(
      (most, { lastSeen }) => Math.max(most, lastSeen),
      0,
    );
    if (this.newest > 0)
      for (let at = this.newest + 1; at <= newest; at += GRAIN_MS) this.waits.push(now - at);
    this.newest = Math.max(this.newest, newest);
  }
}
