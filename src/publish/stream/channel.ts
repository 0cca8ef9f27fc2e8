/**
 * The events that match one filter, shared by all event subscriptions with that filter: a ring of the newest events.
 * In: events as they happen. Out: the text of `events` frames from a subscription's position to the newest event. The ring
 * is bounded: what a slow subscription missed is counted as dropped.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { Filter } from '../../query/filter/parse.js';
import type { Tick } from '../../query/view.js';
import { Allowance } from './allowance.js';

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
  text: string;
}

/** The tail last made, and the tick and limit it was made for. */
interface CachedTail extends Tail {
  seq: number;
  limit: number;
}

export class Channel {
  readonly #ring: (ConnectionEvent | undefined)[] = [];
  readonly #texts: (string | undefined)[] = [];
  /** Events so far: the next event's number. */
  #head = 0;
  /** Events that the source could not deliver. */
  #lost = 0;
  readonly #allowance = new Allowance(CHANNEL_STEPS);
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

  /** Steps for which `shared` or its own allowance does not suffice are not taken: their events count as dropped. */
  take(events: readonly ConnectionEvent[], dropped: number, shared: Allowance): void {
    this.#lost += dropped;
    const now = performance.now();
    for (const event of events) {
      if (!this.#matches(event, now, shared)) continue;
      const slot = this.#head++ % this.capacity;
      this.#ring[slot] = event;
      this.#texts[slot] = undefined;
    }
  }

  #matches(event: ConnectionEvent, now: number, shared: Allowance): boolean {
    if (!this.#allowance.has(now) || !shared.has(now)) {
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
      this.#allowance.spend(this.filter.steps - before);
      shared.spend(this.filter.steps - before);
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

  #text(from: Position, { seq, time }: Tick, limit: number): string {
    const oldest = Math.max(from.next, this.#head - Math.min(this.capacity, limit));
    const dropped = oldest - from.next + this.#lost - from.lost;
    const events: string[] = [];
    for (let number = oldest; number < this.#head; number++) events.push(this.#json(number % this.capacity));
    return `"seq":${seq},"time":${time},"events":[${events.join(',')}],"dropped":${dropped}}`;
  }

  #json(slot: number): string {
    const text = this.#texts[slot] ?? JSON.stringify(this.#ring[slot]);
    this.#texts[slot] = text;
    return text;
  }
}

function same(a: Position, b: Position): boolean {
  return a.next === b.next && a.lost === b.lost;
}
