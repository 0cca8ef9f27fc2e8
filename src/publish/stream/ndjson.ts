/**
 * GET /api/v1/stream.ndjson: the frames of the WebSocket, one per line, for curl and jq. In: checked subscriptions. Out:
 * lines until either side closes the connection.
 */
import type { ServerResponse } from 'node:http';
import type { Subscribe } from '../../protocol/frames.js';
import { SECURITY_HEADERS } from '../http/error-response.js';
import type { Hub } from '../hub.js';
import type { Client, Transport } from './client.js';
import { type Frame, Outbox, type Sink } from './outbox.js';
import { HIGH_WATER, StallDetector, WATCH_MS } from './stall-detector.js';

export const NDJSON_HEADERS = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-store',
} as const;

class LineTransport implements Transport, Sink {
  /** Set once connected: a line that was flushed makes room for frames that waited. */
  client: Client | null = null;
  /** Lines held back until open(), so that a refused subscription can still become an HTTP error. */
  #held: Frame[] | null = [];
  readonly #outbox = new Outbox(this);

  constructor(private readonly response: ServerResponse) {}

  get isFull(): boolean {
    return this.response.writableLength > HIGH_WATER;
  }

  get backedUp(): boolean {
    return this.isFull || !this.#outbox.isEmpty;
  }

  send(frame: Frame): void {
    if (this.#held) this.#held.push(frame);
    else this.#push(frame);
  }

  #push(frame: Frame): void {
    try {
      this.#outbox.push(frame);
    } catch (error) {
      this.broken();
      throw error;
    }
  }

  broken(): void {
    this.#outbox.clear();
    this.response.destroy();
  }

  write(part: string | Buffer, isLast: boolean): void {
    this.response.write(part, (error) => error || this.#drained());
    if (isLast) this.response.write('\n');
  }

  #drained(): void {
    this.#outbox.proceed();
    if (!this.backedUp) this.client?.sendDue();
  }

  close(): void {
    this.#outbox.clear();
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.response.writeHead(200, { ...SECURITY_HEADERS, ...NDJSON_HEADERS });
    for (const frame of held) this.send(frame);
  }
}

/** Throws the error of a subscription that is refused, before anything was sent. */
export function streamLines(hub: Hub, response: ServerResponse, subscriptions: readonly Subscribe[]): void {
  const transport = new LineTransport(response);
  const client = hub.connect(transport);
  try {
    for (const frame of subscriptions) client.receive(frame);
  } catch (error) {
    client.close();
    throw error;
  }
  transport.client = client;
  transport.open();
  response.on('close', () => transport.close());
  watch(response, client);
}

function watch(response: ServerResponse, client: Client): void {
  const detector = response.socket && new StallDetector(response.socket, false, performance.now());
  const timer = setInterval(() => {
    if (detector?.stalled(performance.now())) response.destroy();
  }, WATCH_MS);
  response.on('error', () => response.destroy());
  response.on('close', () => {
    clearInterval(timer);
    client.close();
  });
}
