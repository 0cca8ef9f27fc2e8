/**
 * Routes the engine's events to the channels of all event subscriptions. In: the subscriptions' filters, and events. Out:
 * one channel per distinct filter; towards the engine the union of what they need. Without a subscription the engine builds
 * no event at all.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { EventInterest, EventSource } from '../../protocol/source.js';
import { Allowance } from '../../query/cost/allowance.js';
import type { Payer } from '../../query/cost/payers.js';
import { parseFilter } from '../../query/filter/parse.js';
import type { NetnsNames } from '../../query/namespaces.js';
import { Channel } from './channel.js';

/** The filter of each channel is evaluated for every event. */
const MAX_CHANNELS = 64;

/** Steps per second of all filters together. */
const ALL_STEPS = 16_000_000;

interface SharedChannel {
  channel: Channel;
  subscriptions: number;
}

export class EventRouter {
  readonly #channels = new Map<string, SharedChannel>();
  readonly #allowance = new Allowance(ALL_STEPS);
  /** The interest that the engine has, as JSON. */
  #registered = 'null';

  constructor(
    private readonly source: EventSource,
    private readonly admits: (event: ConnectionEvent) => boolean,
    private readonly namespaces: NetnsNames,
  ) {}

  /** The engine delivers the channel's events from here on. Throws BAD_FILTER or TOO_MANY. */
  acquire(filter: string, payer: Payer): Channel {
    const text = filter.trim();
    const shared = this.#channels.get(text) ?? this.#create(text);
    shared.subscriptions++;
    shared.channel.payers.join(payer);
    this.#register();
    return shared.channel;
  }

  #create(text: string): SharedChannel {
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new PortchurnError(
        'TOO_MANY',
        `${MAX_CHANNELS} different event filters are the most there can be`,
      );
    }
    const shared = { channel: new Channel(parseFilter(text, this.namespaces)), subscriptions: 0 };
    this.#channels.set(text, shared);
    return shared;
  }

  release(channel: Channel, payer: Payer): void {
    const { text } = channel.filter;
    channel.payers.leave(payer);
    const shared = this.#channels.get(text);
    if (!shared || --shared.subscriptions > 0) return;
    this.#channels.delete(text);
    this.#register();
  }

  /** Hands the engine the union of all interests, when it has changed. */
  #register(): void {
    const interest = this.#interest();
    const text = JSON.stringify(interest);
    if (text === this.#registered) return;
    this.#registered = text;
    this.source.listen(interest, (events, dropped) => this.#route(events, dropped));
  }

  #interest(): EventInterest | null {
    const filters = [...this.#channels.values()].map(({ channel }) => channel.filter);
    if (filters.length === 0) return null;
    const all = filters.some((filter) => filter.pids === null);
    const pids = new Set(filters.flatMap((filter) => filter.pids ?? []));
    return { all, pids: [...pids].sort((a, b) => a - b) };
  }

  #route(events: readonly ConnectionEvent[], dropped: number): void {
    const admitted = events.filter(this.admits);
    for (const { channel } of this.#channels.values()) channel.take(admitted, dropped, this.#allowance);
  }
}
