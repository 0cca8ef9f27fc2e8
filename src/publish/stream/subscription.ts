/**
 * One subscription: how far its client has got, and when its next frame is due. In: the publish tick. Out: at most one frame
 * when one is due. Changes that a client was too slow for merge, because the next frame starts where the client stands.
 */
import type { Subscribe } from '../../protocol/frames.js';
import { HEARTBEAT_MS } from '../../protocol/names.js';
import type { Tick, View } from '../../query/view.js';
import type { Channel, Position } from './channel.js';
import type { Frame } from './outbox.js';
import type { WatchedMap } from './port-maps.js';

export interface Subscription {
  /** The next frame; null when none is due. A frame that was taken counts as sent. Throws what ended the subscription. */
  next(tick: Tick): Frame | null;
  /** Starts over, with a snapshot. */
  resync(): void;
  close(): void;
}

/** When a frame may be sent, and when one must be sent although nothing changed. */
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

  due(tick: Tick, changed: boolean): boolean {
    if (this.#time === null) return true;
    if (tick.seq - this.#seq < this.#ticks) return false;
    return changed || tick.time - this.#time + this.publishMs > HEARTBEAT_MS;
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
  /** As JSON. */
  readonly #sub: string;
  /** Tick of the last frame. Null: the client has nothing yet, its next frame is a snapshot. */
  #seq: number | null = null;

  constructor(
    sub: string,
    private readonly view: View,
    private readonly pace: Pace,
    private readonly onClose: () => void,
  ) {
    this.#sub = JSON.stringify(sub);
  }

  /** Frames are of the tick to which the view has come. */
  next(): Frame | null {
    const { tick } = this.view;
    if (tick === null) return null;
    if (!this.pace.due(tick, this.#seq === null || this.view.changedSince(this.#seq))) return null;
    const tail = this.#seq === null ? null : this.view.deltaTail(this.#seq);
    this.#seq = tick.seq;
    this.pace.sent(tick);
    if (tail !== null) return { head: `{"type":"delta","sub":${this.#sub},`, text: tail };
    return { head: `{"type":"snapshot","sub":${this.#sub},`, text: this.view.snapshotTail() };
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
  /** As JSON. */
  readonly #sub: string;
  /** Events of one frame; the oldest beyond it count as dropped. */
  readonly #limit: number;
  #position: Position;

  constructor(
    { sub, limit }: Pick<Subscribe, 'sub' | 'limit'>,
    private readonly channel: Channel,
    private readonly pace: Pace,
    private readonly onClose: () => void,
  ) {
    this.#sub = JSON.stringify(sub);
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
    this.#position = channel.position;
  }

  /** The first frame comes at once and is empty: from there on the client misses nothing that is not counted. */
  next(tick: Tick): Frame | null {
    if (!this.pace.due(tick, this.channel.hasNewSince(this.#position))) return null;
    const { to, text } = this.channel.tail(this.#position, tick, this.#limit);
    this.#position = to;
    this.pace.sent(tick);
    return { head: `{"type":"events","sub":${this.#sub},`, text };
  }

  /** A stream has no state to send again: this only makes its next frame due at once. */
  resync(): void {
    this.pace.restart();
  }

  close(): void {
    this.onClose();
  }
}

export class PortsSubscription implements Subscription {
  /** As JSON. */
  readonly #sub: string;
  /** Tick of the map that was sent last. */
  #seq = 0;

  constructor(
    sub: string,
    private readonly map: WatchedMap,
    private readonly pace: Pace,
    private readonly onClose: () => void,
  ) {
    this.#sub = JSON.stringify(sub);
  }

  /** A map is made when somebody is due who can take it: the frame comes a moment later. Throws NOT_FOUND. */
  next(tick: Tick): Frame | null {
    if (!this.pace.due(tick, true)) return null;
    const made = this.map.after(this.#seq, tick);
    if (made === null) return null;
    this.#seq = made.seq;
    this.pace.sent(tick);
    return { head: `{"type":"ports","sub":${this.#sub},"seq":${made.seq},`, text: made.text };
  }

  /** Every frame is whole: this only makes the next one due at once. */
  resync(): void {
    this.#seq = 0;
    this.pace.restart();
  }

  close(): void {
    this.onClose();
  }
}
