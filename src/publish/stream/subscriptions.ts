/**
 * Opens subscriptions on the shared views and event channels, and counts those that are open. In: checked subscribe frames.
 * Out: subscriptions, each of which gives back its view or channel when it is closed.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { Subscribe, TableTopic } from '../../protocol/frames.js';
import type { Allowance } from '../../query/cost/allowance.js';
import type { Tables } from '../../query/tables.js';
import type { Turn } from '../../query/turn.js';
import { type ClientBudget, checkBudgets, openingBudget } from './budget.js';
import type { EventRouter } from './event-router.js';
import { EventSubscription, Pace, type Subscription, TableSubscription } from './subscription.js';

/** What it may have taken to find out that a filter is none. */
const REFUSED_STEPS = 200_000;

export class Subscriptions {
  #open = 0;
  /** For all that read filters, single questions too. */
  readonly opening = openingBudget();

  /** `publishMs`: the publish interval; `turn`: what may be done at once for one that is opened. */
  constructor(
    private readonly tables: Tables,
    private readonly events: EventRouter,
    private readonly publishMs: number,
    private readonly turn: () => Turn,
  ) {}

  get count(): number {
    return this.#open;
  }

  /** Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC or TOO_MANY. */
  open(frame: Subscribe, budget: ClientBudget): Subscription {
    checkBudgets(budget, this.opening, performance.now());
    try {
      const subscription = this.#opened(frame, budget);
      this.#open++;
      return subscription;
    } catch (error) {
      budget.views.spend(REFUSED_STEPS);
      throw error;
    }
  }

  #opened(frame: Subscribe, { views, events }: ClientBudget): Subscription {
    if (frame.topic === 'events') return this.#openEvents(frame, events);
    return this.#openTable(frame, frame.topic, views);
  }

  #openTable(frame: Subscribe, topic: TableTopic, payer: Allowance): Subscription {
    const view = this.tables.acquire(topic, frame, this.turn(), payer);
    this.opening.spend(view.spec.filter.compileSteps);
    return new TableSubscription(frame.sub, view, this.#pace(frame), () => {
      this.#open--;
      this.tables.release(view, payer);
    });
  }

  #openEvents(frame: Subscribe, payer: Allowance): Subscription {
    if (frame.sort !== undefined || frame.group !== undefined) {
      throw new PortchurnError('USAGE', 'events take a filter, a limit and an interval, no sort or group');
    }
    const channel = this.events.acquire(frame.filter ?? '', payer);
    this.opening.spend(channel.filter.compileSteps);
    return new EventSubscription(frame, channel, this.#pace(frame), () => {
      this.#open--;
      this.events.release(channel, payer);
    });
  }

  #pace({ intervalMs }: Subscribe): Pace {
    return new Pace(this.publishMs, intervalMs ?? this.publishMs);
  }
}
