/**
 * One connected client, WebSocket or NDJSON alike: its subscriptions and what it is owed. Enters: checked client frames,
 * publish ticks, word that its socket drained. Leaves: frames into its Wire. Called by hub.ts, ws.ts and ndjson.ts.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ClientFrame, Subscribe } from '../../protocol/frames.js';
import type { Tick } from '../../query/view.js';
import type { Subscription } from './subscription.js';

/** The way to a client's socket. */
export interface Wire {
  send(text: string): void;
  /** More is queued than should be: nothing is made for this client until it drains. */
  readonly backedUp: boolean;
}

const MAX_SUBSCRIPTIONS = 32;

export interface ClientHost {
  readonly tick: Tick;
  open(frame: Subscribe): Subscription;
  left(client: Client): void;
}

export class Client {
  readonly #feeds = new Map<string, Subscription>();

  constructor(
    private readonly host: ClientHost,
    private readonly wire: Wire,
  ) {}

  get subscriptions(): number {
    return this.#feeds.size;
  }

  /** Throws PortchurnError; the answer of a subscription comes through the wire. */
  receive(frame: ClientFrame): void {
    if (frame.type === 'subscribe') this.#subscribe(frame);
    else if (frame.type === 'unsubscribe') this.#unsubscribe(frame.sub);
    else this.#feed(frame.sub).resync();
    this.sendDue();
  }

  /** Sends what is due as long as the socket takes it. Whoever was served goes last next time. */
  sendDue(): void {
    for (const [sub, feed] of [...this.#feeds]) {
      if (this.wire.backedUp) return;
      const frame = feed.next(this.host.tick);
      if (frame === null) continue;
      this.#feeds.delete(sub);
      this.#feeds.set(sub, feed);
      this.wire.send(frame);
    }
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
    this.host.left(this);
  }

  #subscribe(frame: Subscribe): void {
    if (this.#feeds.has(frame.sub)) {
      throw new PortchurnError('SUBSCRIPTION_EXISTS', `there is a subscription "${frame.sub}" already`);
    }
    if (this.#feeds.size >= MAX_SUBSCRIPTIONS) {
      throw new PortchurnError('TOO_MANY', `a client has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    this.#feeds.set(frame.sub, this.host.open(frame));
  }

  #unsubscribe(sub: string): void {
    const feed = this.#feed(sub);
    this.#feeds.delete(sub);
    feed.close();
  }

  #feed(sub: string): Subscription {
    const feed = this.#feeds.get(sub);
    if (feed) return feed;
    throw new PortchurnError('UNKNOWN_SUBSCRIPTION', `there is no subscription "${sub}"`);
  }
}
