/**
 * The events that match one filter, shared by all event subscriptions with that filter: a ring of the newest events.
 * In: events as they happen. Out: the text of `events` frames from a subscription's position to the newest event. The ring
 * is bounded: what a slow subscription missed is counted as dropped.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import { Allowance } from '../../query/cost/allowance.js';
import { Payers } from '../../query/cost/payers.js';
import type { Filter } from '../../query/filter/parse.js';
import { FrameText } from '../../query/frame-text.js';
import type { Tick } from '../../query/view.js';

/** Events kept. When more happen within one interval, the oldest are dropped. */
const MAX_EVENTS = 8192;

/** Steps of its filter per second, some tenth of one processor. */
const CHANNEL_STEPS = 8_000_000;

/** How far a subscription has got: number of its next event, and losses of the source that it has reported. */
export interface Position {
  next: number;
  lost: number;
}

/** Everything of a frame behind its `sub`. */
interface Tail {
  from: Position;
  to: Position;
  text: FrameText;
}

/** The tail last made, and the tick and limit it was made for. */
interface CachedTail extends Tail {
  seq: number;
  limit: number;
}

export class Channel {
  readonly #ring: EventText[] = [];
  /** Events so far: the next event's number. */
  #head = 0;
  /** Events that the source could not deliver. */
  #lost = 0;
  readonly #allowance = new Allowance(CHANNEL_STEPS);
  /** The clients that listen. */
  readonly payers = new Payers();
  /** Subscriptions at the same position share it. */
  #cached: CachedTail | null = null;

  constructor(
    readonly filter: Filter,
    private readonly capacity = MAX_EVENTS,
  ) {}

  /** Where a new subscription starts: it gets what happens from now on. */
  get position(): Position {
    return { next: this.#head, lost: this.#lost };
  }

  /** Steps for which `shared`, its own allowance or those of its clients do not suffice are not taken: their events count as dropped. */
  take(events: readonly ConnectionEvent[], dropped: number, shared: Allowance): void {
    this.#lost += dropped;
    const now = performance.now();
    for (const event of events) {
      if (!this.#matches(event, now, shared)) continue;
      this.#ring[this.#head++ % this.capacity] = new EventText(event);
    }
  }

  #matches(event: ConnectionEvent, now: number, shared: Allowance): boolean {
    if (!this.#allowance.has(now) || !shared.has(now) || !this.payers.has(now)) {
      this.#lost++;
      return false;
    }
    const before = this.filter.steps;
    try {
      return this.filter.matches(event);
    } catch (error) {
      if (!(error instanceof PortchurnError)) throw error;
      this.#lost++;
      return false;
    } finally {
      const steps = this.filter.steps - before;
      for (const payer of [this.#allowance, shared, this.payers]) payer.spend(steps);
    }
  }

  /** True when something happened after `position`. */
  hasNewSince({ next, lost }: Position): boolean {
    return next !== this.#head || lost !== this.#lost;
  }

  /** Everything from `from` on, at most the `limit` newest events, and the position after it. */
  tail(from: Position, tick: Tick, limit = Number.POSITIVE_INFINITY): Tail {
    const { position: to } = this;
    const cached = this.#cached;
    const fits = cached?.seq === tick.seq && cached.limit === limit;
    if (fits && same(cached.from, from) && same(cached.to, to)) return cached;
    const made = { seq: tick.seq, limit, from, to, text: this.#text(from, tick, limit) };
    this.#cached = made;
    return made;
  }

  #text(from: Position, { seq, time }: Tick, limit: number): FrameText {
    const oldest = Math.max(from.next, this.#head - Math.min(this.capacity, limit));
    const dropped = oldest - from.next + this.#lost - from.lost;
    const events: EventText[] = [];
    for (let number = oldest; number < this.#head; number++)
      events.push(this.#ring[number % this.capacity] as EventText);
    return new FrameText(`"seq":${seq},"time":${time},"events":[`, events, `],"dropped":${dropped}}`);
  }
}

class EventText {
  #json: string | null = null;

  constructor(private readonly event: ConnectionEvent) {}

  get json(): string {
    this.#json ??= JSON.stringify(this.event);
    return this.#json;
  }
}

function same(a: Position, b: Position): boolean {
  return a.next === b.next && a.lost === b.lost;
}
