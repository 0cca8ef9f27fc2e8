/**
 * Events for listeners: builds an object per event only while there is one, and hands them over in batches. While
 * only some processes are listened to, the kernel marks their events and no other one costs anything here.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { FLAG } from '../../decode/layout.js';
import type { Cause, ConnectionEvent } from '../../protocol/rows.js';
import type { EventInterest, EventSource } from '../../protocol/source.js';
import type { Owner } from '../model/owner.js';
import type { Aggregator } from './aggregator.js';
import { connectionEvent } from './connection-event.js';

/** Events built between two flushes; more are counted as dropped. */
const MAX_BATCH = 4096;

/** Tells the kernel which processes are traced: they send connects and transitions too. */
export interface TraceSwitch {
  setTraced(tgids: number[]): void;
}

type Listener = (events: readonly ConnectionEvent[], dropped: number) => void;

export class EventTap implements EventSource {
  private events: ConnectionEvent[] = [];
  private dropped = 0;
  private listener: Listener | null = null;
  private pids = new Set<number>();
  private all = false;

  constructor(
    private readonly tracer: TraceSwitch,
    private readonly aggregator: Aggregator,
  ) {}

  listen(interest: EventInterest | null, listener: Listener): void {
    this.listener = interest === null ? null : listener;
    this.all = interest?.all ?? false;
    this.pids = new Set(interest?.pids ?? []);
    this.aggregator.observer = interest === null ? null : this.observe;
    this.tracer.setTraced([...this.pids]);
    if (interest !== null) return;
    this.events = [];
    this.dropped = 0;
  }

  /** Events that never came: whose they were nobody knows, so they may have been any listener's. */
  lost(count: number): void {
    if (this.listener === null || count === 0) return;
    this.dropped += count;
    this.flush();
  }

  /** Hands over what has gathered. Called after each batch of the ring. */
  flush(): void {
    if (this.events.length === 0 && this.dropped === 0) return;
    const { events, dropped } = this;
    this.events = [];
    this.dropped = 0;
    this.listener?.(events, dropped);
  }

  private readonly observe = (
    event: TcpEvent,
    owner: Owner,
    closer: Owner | null,
    unixMs: number,
    cause: Cause | null,
  ): void => {
    const traced = (event.flags & FLAG.TRACED) !== 0;
    if (!this.all && !traced && !this.concerns(owner) && !this.concerns(closer)) return;
    if (this.events.length >= MAX_BATCH) this.dropped += 1;
    else this.events.push(connectionEvent(event, owner, closer, unixMs, cause));
  };

  /** The kernel does not know who accepted a connection before its process was listened to. */
  private concerns(owner: Owner | null): boolean {
    return owner !== null && owner.pid !== null && this.pids.has(owner.pid);
  }
}
