/**
 * A Feed from a running service: tables by HTTP, events by WebSocket. Enters: the service's address. Leaves: frames.
 * Called by feed.ts.
 */
import { WebSocket } from 'ws';
import { PortchurnError } from '../../protocol/errors.js';
import {
  PING_MS,
  type Problem,
  type ServerFrame,
  type SnapshotBody,
  STREAM_PATH,
  SUBPROTOCOL,
  type Subscribe,
} from '../../protocol/frames.js';
import {
  type DataSource,
  type EventListener,
  type EventQuery,
  filtersOf,
  type TopicQuery,
} from './data-source.js';
import { authorization, get, json, refusal, type ServiceAddress, unreachable } from './http.js';

/** The service pings; when it stays silent for this long it is gone. */
const SILENCE_MS = 3 * PING_MS;

export class RemoteSource implements DataSource {
  readonly attached = true;
  readonly #lost = new AbortController();
  #socket: WebSocket | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(private readonly service: ServiceAddress) {}

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws the service's refusal, or SERVICE_UNREACHABLE. */
  async table(query: TopicQuery): Promise<SnapshotBody> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
    const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
    return (await get(this.service, `/api/v1/snapshot?${search}`)) as SnapshotBody;
  }

  async limits(): Promise<readonly Problem[]> {
    return ((await get(this.service, '/healthz')) as { limits?: Problem[] }).limits ?? [];
  }

  /** Throws what the service refused the connection with; later troubles abort `lost`. */
  async events(query: EventQuery, listener: EventListener): Promise<void> {
    const socket = this.#open();
    const frames = subscriptions(query);
    const silent = new Set(frames.map((frame) => frame.sub));
    const flowing = new Promise<void>((done) => {
      socket.on('message', (data) => {
        const frame = json(String(data)) as ServerFrame | null;
        if (frame?.type === 'hello') for (const one of frames) socket.send(JSON.stringify(one));
        if (frame?.type === 'error') this.#fail(refusal(this.service, 200, frame));
        if (frame?.type !== 'events') return;
        listener(frame.events, frame.dropped);
        if (silent.delete(frame.sub) && silent.size === 0) done();
      });
    });
    await Promise.race([flowing, rejection(this.lost)]);
  }

  async close(): Promise<void> {
    clearTimeout(this.#silence);
    this.#socket?.removeAllListeners('close');
    this.#socket?.terminate();
  }

  #open(): WebSocket {
    const url = new URL(STREAM_PATH, this.service.url.replace(/^http/, 'ws'));
    const socket = new WebSocket(url, [SUBPROTOCOL], { headers: authorization(this.service) });
    socket.on('error', (error) => this.#fail(unreachable(this.service, error)));
    socket.on('close', (code) => this.#fail(closed(code)));
    for (const sign of ['open', 'ping', 'message']) socket.on(sign, () => this.#alive());
    this.#socket = socket;
    return socket;
  }

  #alive(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#fail(unreachable(this.service, 'it fell silent')), SILENCE_MS);
    this.#silence.unref();
  }

  /** The first reason stays. */
  #fail(error: PortchurnError): void {
    this.#lost.abort(error);
  }
}

/** The first frame of each comes at once, empty, and says that events flow. */
function subscriptions(query: EventQuery): Subscribe[] {
  return filtersOf(query).map((filter, i) => ({
    type: 'subscribe',
    sub: `trace-${i}`,
    topic: 'events',
    ...(filter === '' ? {} : { filter }),
  }));
}

function closed(code: number): PortchurnError {
  return new PortchurnError('SERVICE_UNREACHABLE', `the service closed the connection (code ${code})`);
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
