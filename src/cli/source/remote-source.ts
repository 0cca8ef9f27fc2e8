/**
 * A running service as data source: tables by HTTP, events by WebSocket. In: a target. Out: bodies and events.
 */
import { Connection } from '../../client/connection.js';
import { lossError, refusal, unreachable } from '../../client/errors.js';
import type { HttpClient, TopicQuery } from '../../client/http.js';
import { Subscriptions } from '../../client/subscriptions.js';
import type { PortchurnError } from '../../protocol/errors.js';
import type { Problem, ServerFrame, SnapshotBody } from '../../protocol/frames.js';
import { PING_MS } from '../../protocol/names.js';
import { badAnswer, frameFault, limitsFault, snapshotFault } from './answers.js';
import { type DataSource, type EventListener, type EventQuery, filtersOf } from './data-source.js';
import { httpClient, type Target } from './target.js';

/** The service pings; after this much silence it is gone. */
const SILENCE_MS = 3 * PING_MS;
/** The first frame of a subscription comes at once. */
const START_MS = 10_000;
/** More than the events that are kept for a client take, each with the longest command line. */
const MAX_FRAME = 128_000_000;
const LONGEST_VERSION = 40;

export class RemoteSource implements DataSource {
  readonly attached = true;
  readonly #http: HttpClient;
  readonly #lost = new AbortController();
  #connection: Connection | undefined;

  constructor(private readonly target: Target) {
    this.#http = httpClient(target);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Throws the service's refusal, BAD_ANSWER, or SERVICE_UNREACHABLE. */
  async table(query: TopicQuery): Promise<SnapshotBody> {
    const body = await this.#http.snapshot(query);
    const fault = snapshotFault(body, query.topic);
    if (fault !== null) throw await this.#misread(fault);
    return body;
  }

  async limits(): Promise<readonly Problem[]> {
    const { limits } = (await this.#http.health()) ?? {};
    const fault = limitsFault(limits);
    if (fault !== null) throw await this.#misread(fault);
    return limits ?? [];
  }

  /** Throws the refusal of the connection; later troubles abort `lost`. */
  async events(query: EventQuery, listener: EventListener): Promise<void> {
    const subscriptions = new Subscriptions('trace', (frame) => this.#connection?.send(frame));
    const started = filtersOf(query).map((filter) => this.#follow(subscriptions, filter, listener));
    await this.#open((frame) => this.#receive(frame, subscriptions));
    const mute = setTimeout(() => this.#fail(unreachable(this.target.service, 'it says nothing')), START_MS);
    await Promise.race([Promise.all(started), rejection(this.lost)]).finally(() => clearTimeout(mute));
  }

  #receive(frame: ServerFrame, subscriptions: Subscriptions): void {
    const fault = frameFault(frame);
    if (fault !== null) void this.#misread(fault).then((error) => this.#fail(error));
    else if (frame.type === 'error') this.#fail(refusal(this.target.service, 200, frame));
    else subscriptions.receive(frame);
  }

  async close(): Promise<void> {
    this.#connection?.close();
  }

  /** Resolves with the first frame of the subscription, which comes at once, empty, and says that events flow. */
  #follow(subscriptions: Subscriptions, filter: string, listener: EventListener): Promise<void> {
    return new Promise((started) => {
      subscriptions.events(filter === '' ? {} : { filter }, {
        frame: ({ events, dropped }) => {
          listener(events, dropped);
          started();
        },
        refused: () => undefined,
      });
    });
  }

  async #open(onFrame: (frame: ServerFrame) => void): Promise<void> {
    const { openSocket } = await import('./socket.js'); // only a trace needs it
    const socket = openSocket(this.target, MAX_FRAME);
    const connection = new Connection(socket, {
      silenceMs: SILENCE_MS,
      clock: () => performance.now(),
      onFrame,
      onLoss: (loss) => this.#fail(lossError(this.target.service, loss)),
    });
    socket.on('ping', () => connection.heard());
    this.#connection = connection;
  }

  /** The version says most, where the service tells it. */
  async #misread(fault: string): Promise<PortchurnError> {
    const health = await this.#http.health().catch(() => null);
    const { version } = (health ?? {}) as { version?: unknown };
    const { shown, url } = this.target.service;
    return badAnswer(
      shown ?? url,
      typeof version === 'string' ? version.slice(0, LONGEST_VERSION) : null,
      fault,
    );
  }

  /** The first reason stays. */
  #fail(error: PortchurnError): void {
    this.#lost.abort(error);
  }
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
