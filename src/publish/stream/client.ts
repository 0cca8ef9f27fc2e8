/**
 * One connected client, over WebSocket or NDJSON alike: its subscriptions. In: checked client frames, publish ticks, and the
 * notice that its socket has drained. Out: frames into its Transport.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ClientFrame, ErrorFrame, Subscribe } from '../../protocol/frames.js';
import type { Tick } from '../../query/view.js';
import { errorBody } from '../http/error-response.js';
import { type ClientBudget, clientBudget } from './budget.js';
import type { Frame } from './outbox.js';
import type { Subscription } from './subscription.js';

/** The way to a client's socket. */
export interface Transport {
  send(frame: Frame): void;
  /** More bytes are queued than should be: no frame is made for this client until they have drained. */
  readonly backedUp: boolean;
}

const MAX_SUBSCRIPTIONS = 32;

/** What a client needs of the hub. */
export interface ClientHost {
  readonly tick: Tick;
  open(frame: Subscribe, budget: ClientBudget): Subscription;
  disconnected(client: Client): void;
}

export class Client {
  /** By `sub`, the one served longest ago first. */
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #budget = clientBudget();

  constructor(
    private readonly host: ClientHost,
    private readonly transport: Transport,
  ) {}

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Throws PortchurnError. The answer to a subscription goes through the transport. */
  receive(frame: ClientFrame): void {
    if (frame.type === 'subscribe') this.#subscribe(frame);
    else if (frame.type === 'unsubscribe') this.#unsubscribe(frame.sub);
    else if (frame.type === 'resync') this.#subscription(frame.sub).resync();
    else frame satisfies never;
    this.sendDue();
  }

  /** Sends what is due for as long as the socket takes it. A subscription that was served is last in the next round. */
  sendDue(): void {
    for (const [sub, subscription] of [...this.#subscriptions]) {
      if (this.transport.backedUp) return;
      const frame = this.#next(sub, subscription);
      if (frame === null) continue;
      this.#subscriptions.delete(sub);
      this.#subscriptions.set(sub, subscription);
      this.transport.send(frame);
    }
  }

  /** A subscription that turned out to be too expensive ends, the others go on. */
  #next(sub: string, subscription: Subscription): Frame | null {
    try {
      return subscription.next(this.host.tick);
    } catch (error) {
      if (!(error instanceof PortchurnError)) throw error;
      this.#unsubscribe(sub);
      const answer: ErrorFrame = { type: 'error', ...errorBody(error), sub };
      this.transport.send(JSON.stringify(answer));
      return null;
    }
  }

  close(): void {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    this.host.disconnected(this);
  }

  #subscribe(frame: Subscribe): void {
    if (this.#subscriptions.has(frame.sub)) {
      throw new PortchurnError('SUBSCRIPTION_EXISTS', `there is a subscription "${frame.sub}" already`);
    }
    if (this.#subscriptions.size >= MAX_SUBSCRIPTIONS) {
      throw new PortchurnError('TOO_MANY', `a client has at most ${MAX_SUBSCRIPTIONS} subscriptions`);
    }
    this.#subscriptions.set(frame.sub, this.host.open(frame, this.#budget));
  }

  #unsubscribe(sub: string): void {
    const subscription = this.#subscription(sub);
    this.#subscriptions.delete(sub);
    subscription.close();
  }

  #subscription(sub: string): Subscription {
    const subscription = this.#subscriptions.get(sub);
    if (subscription) return subscription;
    throw new PortchurnError('UNKNOWN_SUBSCRIPTION', `there is no subscription "${sub}"`);
  }
}
