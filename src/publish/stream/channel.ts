/**
 * The events that match one filter, for all clients that ask for it. Enters: events as they happen. Leaves: frame tails
 * from any client's own place to the newest event. Bounded: whoever falls behind is told how many it missed.
 * Called by desk.ts (in) and feed.ts (out).
 */
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { Filter } from '../../query/filter/parse.js';
import type { Tick } from '../../query/view.js';

/** Events kept; with those of one interval beyond it a client loses the oldest. */
const MAX_EVENTS = 8192;

/** How far a client has got: events handed over or lost so far, and losses of the source it was told of. */
export interface Place {
  next: number;
  lost: number;
}

interface Tail {
  from: Place;
  to: Place;
  text: string;
}

/** The tail last made, and for whom it fits. */
interface Shared extends Tail {
  seq: number;
  limit: number;
}

export class Channel {
  readonly #ring: (ConnectionEvent | undefined)[] = [];
  readonly #texts: (string | undefined)[] = [];
  /** Events so far: the next one's number. */
  #head = 0;
  /** Events that the source could not deliver. */
  #lost = 0;
  /** Clients in step share it. */
  #shared: Shared | null = null;

  constructor(
    readonly filter: Filter,
    private readonly capacity = MAX_EVENTS,
  ) {}

  /** Where a new client starts: it sees what happens from now on. */
  get place(): Place {
    return { next: this.#head, lost: this.#lost };
  }

  take(events: readonly ConnectionEvent[], dropped: number): void {
    this.#lost += dropped;
    for (const event of events) {
      if (!this.filter.matches(event)) continue;
      const slot = this.#head++ % this.capacity;
      this.#ring[slot] = event;
      this.#texts[slot] = undefined;
    }
  }

  /** Is there anything that a client at `place` has not seen? */
  hasNews({ next, lost }: Place): boolean {
    return next !== this.#head || lost !== this.#lost;
  }

  /** Everything from `from` on, at most the `limit` newest, and where the client then is. */
  tail(from: Place, tick: Tick, limit = Number.POSITIVE_INFINITY): Tail {
    const { place: to } = this;
    const shared = this.#shared;
    const fits = shared?.seq === tick.seq && shared.limit === limit;
    if (fits && same(shared.from, from) && same(shared.to, to)) return shared;
    const made = { seq: tick.seq, limit, from, to, text: this.#text(from, tick, limit) };
    this.#shared = made;
    return made;
  }

  #text(from: Place, { seq, time }: Tick, limit: number): string {
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

function same(a: Place, b: Place): boolean {
  return a.next === b.next && a.lost === b.lost;
}
