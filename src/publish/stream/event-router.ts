/**
 * Who listens to events, and what the engine must deliver for them. Enters: subscriptions' filters. Leaves: channels, and
 * towards the engine the union of what they need: nobody listening costs nothing. Called by hub.ts.
 */
import { PortchurnError } from '../../protocol/errors.js';
import type { ConnectionEvent } from '../../protocol/rows.js';
import type { EventInterest, EventSource } from '../../protocol/source.js';
import { type NetnsName, parseFilter } from '../../query/filter/parse.js';
import { Channel } from './channel.js';

/** Each is asked about every event. */
const MAX_CHANNELS = 64;

interface Kept {
  channel: Channel;
  users: number;
}

export class EventRouter {
  readonly #channels = new Map<string, Kept>();
  #asked = 'null';

  constructor(
    private readonly source: EventSource,
    private readonly admits: (event: ConnectionEvent) => boolean,
    private readonly netnsName: NetnsName,
  ) {}

  /** The engine delivers from here on. Throws BAD_FILTER. */
  acquire(filter: string): Channel {
    const text = filter.trim();
    const kept = this.#channels.get(text) ?? this.#keep(text);
    kept.users++;
    this.#ask();
    return kept.channel;
  }

  #keep(text: string): Kept {
    if (this.#channels.size >= MAX_CHANNELS) {
      throw new PortchurnError(
        'TOO_MANY',
        `${MAX_CHANNELS} different event filters are the most there can be`,
      );
    }
    const kept = { channel: new Channel(parseFilter(text, this.netnsName)), users: 0 };
    this.#channels.set(text, kept);
    return kept;
  }

  release(channel: Channel): void {
    const { text } = channel.filter;
    const kept = this.#channels.get(text);
    if (!kept || --kept.users > 0) return;
    this.#channels.delete(text);
    this.#ask();
  }

  /** Tells the engine, when the union of all interests has changed. */
  #ask(): void {
    const interest = this.#interest();
    const asked = JSON.stringify(interest);
    if (asked === this.#asked) return;
    this.#asked = asked;
    this.source.listen(interest, (events, dropped) => this.#take(events, dropped));
  }

  #interest(): EventInterest | null {
    const channels = [...this.#channels.values()].map((kept) => kept.channel);
    if (channels.length === 0) return null;
    const all = channels.some((channel) => channel.filter.pids === null);
    const pids = new Set(channels.flatMap((channel) => channel.filter.pids ?? []));
    return { all, pids: [...pids].sort((a, b) => a - b) };
  }

  #take(events: readonly ConnectionEvent[], dropped: number): void {
    const admitted = events.filter(this.admits);
    for (const { channel } of this.#channels.values()) channel.take(admitted, dropped);
  }
}
