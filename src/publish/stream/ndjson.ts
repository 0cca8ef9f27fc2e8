/**
 * GET /api/v1/stream.ndjson: the frames of the WebSocket, one per line, for curl and jq. In: checked subscriptions. Out:
 * lines until either side closes the connection.
 */
import type { ServerResponse } from 'node:http';
import type { Subscribe } from '../../protocol/frames.js';
import { SECURITY_HEADERS } from '../http/error-response.js';
import type { Hub } from '../hub.js';
import type { Client, Transport } from './client.js';
import { HIGH_WATER, StallDetector, WATCH_MS } from './stall-detector.js';

export const NDJSON_HEADERS = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-store',
} as const;

class LineTransport implements Transport {
  /** Set once connected: a line that was flushed makes room for frames that waited. */
  client: Client | null = null;
  /** Lines held back until open(), so that a refused subscription can still become an HTTP error. */
  #held: string[] | null = [];

  constructor(private readonly response: ServerResponse) {}

  get backedUp(): boolean {
    return this.response.writableLength > HIGH_WATER;
  }

  send(text: string): void {
    if (this.#held) this.#held.push(text);
    else this.response.write(`${text}\n`, (error) => error || this.client?.sendDue());
  }

  open(): void {
    const held = this.#held ?? [];
    this.#held = null;
    this.response.writeHead(200, { ...SECURITY_HEADERS, ...NDJSON_HEADERS });
    for (const text of held) this.send(text);
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
