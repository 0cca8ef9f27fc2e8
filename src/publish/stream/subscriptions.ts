/**
 * Opens subscriptions on the shared views and event channels, and counts those that are open. In: checked subscribe frames.
 * Out: subscriptions, each of which gives back its view or channel when it is closed.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { Subscribe, TableTopic } from '../../protocol/frames.js';
import type { Tables } from '../../query/tables.js';
import { ShortTurn, TURN_MS } from '../../query/turn.js';
import type { EventRouter } from './event-router.js';
import { EventSubscription, Pace, type Subscription, TableSubscription } from './subscription.js';

export class Subscriptions {
  #open = 0;

  /** `publishMs`: the publish interval. */
  constructor(
    private readonly tables: Tables,
    private readonly events: EventRouter,
    private readonly publishMs: number,
  ) {}

  get count(): number {
    return this.#open;
  }

  /** Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC or TOO_MANY. */
  open(frame: Subscribe): Subscription {
    const subscription =
      frame.topic === 'events' ? this.#openEvents(frame) : this.#openTable(frame, frame.topic);
    this.#open++;
    return subscription;
  }

  #openTable(frame: Subscribe, topic: TableTopic): Subscription {
    const view = this.tables.acquire(topic, frame, new ShortTurn(TURN_MS));
    return new TableSubscription(frame.sub, view, this.#pace(frame), () => {
      this.#open--;
      this.tables.release(view);
    });
  }

  #openEvents(frame: Subscribe): Subscription {
    if (frame.sort !== undefined || frame.group !== undefined) {
      throw new PortchurnError('USAGE', 'events take a filter, a limit and an interval, no sort or group');
    }
    const channel = this.events.acquire(frame.filter ?? '');
    return new EventSubscription(frame, channel, this.#pace(frame), () => {
      this.#open--;
      this.events.release(channel);
    });
  }

  #pace({ intervalMs }: Subscribe): Pace {
    return new Pace(this.publishMs, intervalMs ?? this.publishMs);
  }
}
