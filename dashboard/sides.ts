/**
 * Subscriptions beside the tables' own, each alive for as long as something is open that wants it. Enters: every frame of
 * the service. Leaves: rows or events to whoever asked, frames to send. No socket, no clock: model ties it to the feed.
 */
import type {
  ClientFrame,
  Delta,
  ErrorFrame,
  EventsFrame,
  RowOf,
  ServerFrame,
  Snapshot,
  Subscribe,
  TableTopic,
} from '../src/protocol/frames.js';

type Request = Omit<Subscribe, 'type' | 'sub'>;

interface Side {
  request: Request;
  take(frame: ServerFrame): void;
}

/** What became of a subscription of events. */
interface Listener {
  frame(frame: EventsFrame): void;
  refused(why: ErrorFrame): void;
}

export class Sides {
  readonly #open = new Map<string, Side>();
  #asked = 0;

  constructor(private readonly send: (frame: ClientFrame) => void) {}

  /** A table's rows by key, whenever they change. What it gives back ends it. */
  table<T extends TableTopic>(
    request: Request & { topic: T },
    onRows: (rows: ReadonlyMap<string, RowOf<T>>) => void,
  ): () => void {
    let rows: Map<string, RowOf<T>> = new Map();
    let seq: number | null = null;
    const take = (frame: Snapshot | Delta) => {
      if (frame.type === 'delta' && frame.prev !== seq) return this.send({ type: 'resync', sub: frame.sub });
      rows = applied(rows, frame);
      seq = frame.seq;
      onRows(rows);
    };
    return this.#start(request, (frame) => {
      if (frame.type === 'snapshot' || frame.type === 'delta') take(frame);
    });
  }

  /** Events as they happen. What it gives back ends it. */
  events(request: Omit<Request, 'topic'>, listener: Listener): () => void {
    return this.#start({ ...request, topic: 'events' }, (frame) => {
      if (frame.type === 'events') listener.frame(frame);
      if (frame.type === 'error') listener.refused(frame);
    });
  }

  receive(frame: ServerFrame): void {
    if (frame.type === 'hello') for (const [sub, side] of this.#open) this.#subscribe(sub, side);
    else if (frame.sub !== undefined) this.#open.get(frame.sub)?.take(frame);
  }

  #start(request: Request, take: Side['take']): () => void {
    const sub = `side.${++this.#asked}`;
    const side = { request, take };
    this.#open.set(sub, side);
    this.#subscribe(sub, side);
    return () => {
      this.#open.delete(sub);
      this.send({ type: 'unsubscribe', sub });
    };
  }

  #subscribe(sub: string, { request }: Side): void {
    this.send({ type: 'subscribe', sub, ...request });
  }
}

function applied<T extends TableTopic>(
  rows: Map<string, RowOf<T>>,
  frame: Snapshot | Delta,
): Map<string, RowOf<T>> {
  const next = frame.type === 'snapshot' ? new Map<string, RowOf<T>>() : new Map(rows);
  if (frame.type === 'delta') for (const key of frame.del) next.delete(key);
  const set = (frame.type === 'snapshot' ? frame.rows : frame.set) as RowOf<T>[];
  for (const row of set) next.set(row.key, row);
  return next;
}
