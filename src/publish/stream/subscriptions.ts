/**
 * Opens subscriptions on the shared views, event channels and port maps, and counts those that are open. In: checked subscribe frames.
 * Out: subscriptions, each of which gives back what it shares when it is closed.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { Subscribe, TableTopic } from '../../protocol/frames.js';
import { PORTS_INTERVAL_MS } from '../../protocol/names.js';
import type { Allowance } from '../../query/cost/allowance.js';
import type { Tables } from '../../query/tables.js';
import type { Turn } from '../../query/turn.js';
import { type ClientBudget, checkBudgets, openingBudget } from './budget.js';
import type { EventRouter } from './event-router.js';
import type { PortMaps } from './port-maps.js';
import {
  EventSubscription,
  Pace,
  PortsSubscription,
  type Subscription,
  TableSubscription,
} from './subscription.js';

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
    private readonly ports: PortMaps,
    private readonly publishMs: number,
    private readonly turn: () => Turn,
  ) {}

  get count(): number {
    return this.#open;
  }

  /** Throws USAGE, BAD_FILTER, TOO_EXPENSIVE, UNKNOWN_TOPIC, NOT_FOUND or TOO_MANY. */
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
    if (frame.topic === 'ports') return this.#openPorts(frame, views);
    if (frame.budget !== undefined) throw new PortchurnError('USAGE', 'only the topic ports takes a budget');
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

  #openPorts(frame: Subscribe, payer: Allowance): Subscription {
    const { budget, filter, sort, limit, group, intervalMs = 0 } = frame;
    if (budget === undefined || [filter, sort, limit, group].some((part) => part !== undefined))
      throw new PortchurnError('USAGE', 'ports take a budget and an interval, and nothing else');
    const map = this.ports.acquire(budget, payer);
    const pace = new Pace(this.publishMs, Math.max(PORTS_INTERVAL_MS, intervalMs));
    return new PortsSubscription(frame.sub, map, pace, () => {
      this.#open--;
      this.ports.release(map, payer);
    });
  }

  #pace({ intervalMs }: Subscribe): Pace {
    return new Pace(this.publishMs, intervalMs ?? this.publishMs);
  }
}
