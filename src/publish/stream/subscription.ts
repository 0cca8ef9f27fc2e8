/**
 * One subscription: how far its client has got, and what comes next. Enters: the publish tick. Leaves: at most one frame
 * when one is due. What a client misses merges, because the next frame is made from where it stands. Called by client.ts.
 */
import type { Subscribe } from '../../protocol/frames.js';
import { HEARTBEAT_MS } from '../../protocol/names.js';
import type { Tick, View } from '../../query/view.js';
import type { Channel, Place } from './channel.js';

export interface Subscription {
  /** The next frame, null when none is due. Taking it counts as sent. */
  next(tick: Tick): string | null;
  /** Start over, with a snapshot. */
  resync(): void;
  close(): void;
}

/** When a subscription may and when it must be heard. */
export class Pace {
  readonly #ticks: number;
  #seq = 0;
  #time: number | null = null;

  /** `intervalMs` is rounded up to whole publish intervals. */
  constructor(
    private readonly publishMs: number,
    intervalMs: number,
  ) {
    this.#ticks = Math.max(1, Math.ceil(intervalMs / publishMs));
  }

  due(tick: Tick, news: boolean): boolean {
    if (this.#time === null) return true;
    if (tick.seq - this.#seq < this.#ticks) return false;
    return news || tick.time - this.#time + this.publishMs > HEARTBEAT_MS;
  }

  sent(tick: Tick): void {
    this.#seq = tick.seq;
    this.#time = tick.time;
  }

  restart(): void {
    this.#time = null;
  }
}

export class TableSubscription implements Subscription {
  readonly #sub: string;
  /** Null: the client has nothing yet, a snapshot comes first. */
  #seq: number | null = null;

  constructor(
    sub: string,
    private readonly view: View,
    private readonly pace: Pace,
    private readonly onClose: () => void,
  ) {
    this.#sub = JSON.stringify(sub);
  }

  next(tick: Tick): string | null {
    if (!this.pace.due(tick, this.#seq === null || this.view.changedSince(this.#seq))) return null;
    const tail = this.#seq === null ? null : this.view.deltaTail(this.#seq);
    this.#seq = tick.seq;
    this.pace.sent(tick);
    if (tail !== null) return `{"type":"delta","sub":${this.#sub},${tail}`;
    return `{"type":"snapshot","sub":${this.#sub},${this.view.snapshotTail()}`;
  }

  resync(): void {
    this.#seq = null;
    this.pace.restart();
  }

  close(): void {
    this.onClose();
  }
}

export class EventSubscription implements Subscription {
  readonly #sub: string;
  /** Events of one frame; what is beyond it, the oldest, counts as dropped. */
  readonly #limit: number;
  #place: Place;

  constructor(
    { sub, limit }: Pick<Subscribe, 'sub' | 'limit'>,
    private readonly channel: Channel,
    private readonly pace: Pace,
    private readonly onClose: () => void,
  ) {
    this.#sub = JSON.stringify(sub);
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#place = channel.place;
  }

  /** The first frame comes at once, empty: it says that events are being watched from here on. */
  next(tick: Tick): string | null {
    if (!this.pace.due(tick, this.channel.hasNews(this.#place))) return null;
    const { to, text } = this.channel.tail(this.#place, tick, this.#limit);
    this.#place = to;
    this.pace.sent(tick);
    return `{"type":"events","sub":${this.#sub},${text}`;
  }

  /** A stream has no state to send again: the client is heard at once. */
  resync(): void {
    this.pace.restart();
  }

  close(): void {
    this.onClose();
  }
}
