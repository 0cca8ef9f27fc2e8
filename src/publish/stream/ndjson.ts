/**
 * GET /api/v1/stream.ndjson: the WebSocket's frames, one per line, for curl and jq. Enters: URL parameters. Leaves: frames
 * until either side hangs up. Called by http.ts.
 */
import type { ServerResponse } from 'node:http';
import type { Subscribe } from '../../protocol/frames.js';
import { SECURITY_HEADERS } from '../http/error-response.js';
import type { Hub } from '../hub.js';
import type { Client, Wire } from './client.js';
import { HIGH_WATER, StallDetector, WATCH_MS } from './stall-detector.js';

export const NDJSON_HEADERS = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-store',
} as const;

class LineWire implements Wire {
  /** Set once connected: a line that has gone out makes room for what waited. */
  client: Client | null = null;
  /** Lines before this opens are kept back, so that a refused subscription can still become an HTTP error. */
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

/** Throws what the subscriptions deserve, before anything was sent. */
export function streamLines(hub: Hub, response: ServerResponse, wanted: readonly Subscribe[]): void {
  const wire = new LineWire(response);
  const client = hub.connect(wire);
  try {
    for (const frame of wanted) client.receive(frame);
  } catch (error) {
    client.close();
    throw error;
  }
  wire.client = client;
  wire.open();
  watch(response, client);
}

function watch(response: ServerResponse, client: Client): void {
  const progress = response.socket && new StallDetector(response.socket, false, performance.now());
  const timer = setInterval(() => {
    if (progress?.stalled(performance.now())) response.destroy();
  }, WATCH_MS);
  response.on('error', () => response.destroy());
  response.on('close', () => {
    clearInterval(timer);
    client.close();
  });
}
