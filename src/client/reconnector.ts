/**
 * A connection for as long as the program runs: reconnects with growing pauses, and says how the link is. In: sockets, the
 * health of the service. Out: frames, and each change of the Link. It keeps no subscriptions: every hello starts over.
 */
import type { ClientFrame, ServerFrame } from '../protocol/frames.js';
import { HEARTBEAT_MS } from '../protocol/names.js';
import { type ClientSocket, Connection } from './connection.js';
import { backoff, type Link, type LostReason } from './link.js';

/** Every subscription hears something per heartbeat; several must be missing before a slow network counts as a lost one. */
const SILENCE_MS = 4 * HEARTBEAT_MS;

export interface ReconnectorOptions {
  open(): ClientSocket;
  /** Asked once a handshake failed: HTTP shows the reason, which a browser's WebSocket hides. */
  explain(): Promise<LostReason>;
  onFrame(frame: ServerFrame): void;
  onLink(link: Link): void;
  /** The connection ended, and its subscriptions with it. */
  onDisconnect(): void;
}

export class Reconnector {
  #connection: Connection | null = null;
  #attempt = 0;
  /** One handshake succeeded since the start. */
  #opened = false;
  #lostSince: number | null = null;
  /** At most one: an attempt that came early takes the place of the one that waits. */
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ReconnectorOptions) {}

  /** Connects and stays connected. */
  start(): void {
    this.#connect();
  }

  /** Dropped while there is no link. */
  send(frame: ClientFrame): void {
    this.#connection?.send(frame);
  }

  /** Does not wait for the next attempt: the network is back. */
  retryNow(): void {
    if (this.#connection === null) this.#connect();
  }

  /** Does not connect again. */
  stop(): void {
    clearTimeout(this.#retry);
    this.#connection?.close();
    this.#connection = null;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const socket = this.options.open();
    socket.addEventListener('open', () => {
      this.#opened = true;
    });
    this.#connection = new Connection(socket, {
      silenceMs: SILENCE_MS,
      clock: Date.now,
      onFrame: (frame) => this.#frame(frame),
      onLoss: () => this.#lost(),
    });
    if (this.#lostSince === null) this.options.onLink({ phase: 'connecting' });
  }

  #frame(frame: ServerFrame): void {
    this.#attempt = 0;
    this.#lostSince = null;
    this.options.onFrame(frame);
    this.options.onLink({ phase: 'open', heard: Date.now() });
  }

  #lost(): void {
    this.#connection = null;
    const now = Date.now();
    const spoke = this.#lostSince === null && this.#opened;
    this.#lostSince ??= now;
    this.options.onDisconnect();
    const delay = backoff(this.#attempt++, Math.random());
    this.#report(spoke ? 'dropped' : 'unreachable', now + delay);
    if (!spoke) void this.#explain(now + delay);
    this.#retry = setTimeout(() => this.retryNow(), delay);
  }

  async #explain(retryAt: number): Promise<void> {
    const reason = await this.options.explain();
    if (this.#connection === null) this.#report(reason, retryAt);
  }

  #report(reason: LostReason, retryAt: number): void {
    this.options.onLink({ phase: 'lost', since: this.#lostSince ?? Date.now(), retryAt, reason });
  }
}
