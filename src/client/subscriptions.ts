/**
 * Subscriptions that begin and end one by one, each alive until its caller ends it; a new connection subscribes them anew.
 * In: every frame of the service. Out: rows or events to the caller of each, frames to send. No socket, no clock.
 */
import type {
  ClientFrame,
  DeltaOf,
  ErrorFrame,
  EventsFrame,
  PortsFrame,
  ServerFrame,
  SnapshotOf,
  Subscribe,
  TableTopic,
} from '../protocol/frames.js';
import { byKey, type Rows, withDelta } from './rows.js';

type Request = Omit<Subscribe, 'type' | 'sub'>;

interface Open {
  request: Request;
  receive(frame: ServerFrame): void;
}

interface PortsListener {
  frame(frame: PortsFrame): void;
  /** The subscription has ended: there is no such budget, or no more. */
  refused(error: ErrorFrame): void;
}

interface EventListener {
  frame(frame: EventsFrame): void;
  refused(error: ErrorFrame): void;
}

export class Subscriptions {
  readonly #open = new Map<string, Open>();
  #count = 0;

  /** `prefix`: the beginning of the ids, which no other subscription of the same connection has. */
  constructor(
    private readonly prefix: string,
    private readonly send: (frame: ClientFrame) => void,
  ) {}

  /** A table's rows by key, whenever they change. Returns a function that ends the subscription. */
  table<T extends TableTopic>(
    request: Request & { topic: T },
    onRows: (rows: Rows<T>) => void,
    refused: (error: ErrorFrame) => void = () => undefined,
  ): () => void {
    let rows: Rows<T> = new Map();
    let seq: number | null = null;
    const take = (frame: SnapshotOf<T> | DeltaOf<T>) => {
      if (frame.type === 'delta' && frame.prev !== seq) return this.send({ type: 'resync', sub: frame.sub });
      rows = frame.type === 'delta' ? withDelta(rows, frame) : byKey(frame.rows);
      seq = frame.seq;
      onRows(rows);
    };
    return this.#start(request, (frame) => {
      if (frame.type === 'snapshot' || frame.type === 'delta') take(frame as SnapshotOf<T> | DeltaOf<T>);
      else if (frame.type === 'error') refused(frame);
    });
  }

  /** Events as they happen; the first frame comes at once, empty. Returns a function that ends the subscription. */
  events(request: Omit<Request, 'topic'>, listener: EventListener): () => void {
    return this.#start({ ...request, topic: 'events' }, (frame) => {
      if (frame.type === 'events') listener.frame(frame);
      if (frame.type === 'error') listener.refused(frame);
    });
  }

  /** The port map of a budget, once a second, or as rarely as `intervalMs` says. Returns a function that ends the subscription. */
  ports(budget: string, listener: PortsListener, intervalMs?: number): () => void {
    const request = { topic: 'ports', budget, ...(intervalMs === undefined ? {} : { intervalMs }) } as const;
    return this.#start(request, (frame) => {
      if (frame.type === 'ports') listener.frame(frame);
      if (frame.type !== 'error') return;
      if (frame.sub !== undefined) this.#open.delete(frame.sub);
      listener.refused(frame);
    });
  }

  receive(frame: ServerFrame): void {
    if (frame.type === 'hello') for (const [sub, { request }] of this.#open) this.#subscribe(sub, request);
    else if (frame.sub !== undefined) this.#open.get(frame.sub)?.receive(frame);
  }

  #start(request: Request, receive: Open['receive']): () => void {
    const sub = `${this.prefix}.${++this.#count}`;
    this.#open.set(sub, { request, receive });
    this.#subscribe(sub, request);
    return () => {
      if (!this.#open.delete(sub)) return;
      this.send({ type: 'unsubscribe', sub });
    };
  }

  #subscribe(sub: string, request: Request): void {
    this.send({ type: 'subscribe', sub, ...request });
  }
}
