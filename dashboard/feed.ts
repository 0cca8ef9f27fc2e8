/**
 * The WebSocket side of the page: connects, reconnects with jitter, notices silence, asks for less while hidden.
 * Enters: frames of `portchurn.v1`. Leaves: each new State and Link, through the two callbacks. Called by model.
 */
import type { ClientFrame, ServerFrame } from '../src/protocol/frames.js';
import { HEARTBEAT_MS, SUBPROTOCOL } from '../src/protocol/names.js';
import { backoff, type Link, type LostReason, reasonOf } from './link.js';
import {
  initial,
  pace,
  receive,
  type ShownTopic,
  type State,
  type Step,
  unlinked,
  type Wish,
  want,
} from './state.js';

/** Pace asked for while nobody looks, ms; not slower than the heartbeat, so that silence still means trouble. */
const HIDDEN_INTERVAL_MS = HEARTBEAT_MS;
/** After this much silence the link is dead whatever TCP believes, ms. */
const DEAD_AFTER_MS = 4 * HEARTBEAT_MS;
const WATCH_MS = 1_000;

export interface FeedOptions {
  url: string;
  /** Asked once a handshake failed: the same gate guards it, and its status can be read. */
  healthUrl: string;
  onState(state: State): void;
  onLink(link: Link): void;
  /** Every frame, for subscriptions beside the tables'. */
  onFrame(frame: ServerFrame): void;
}

export class Feed {
  #state = initial();
  #socket: WebSocket | null = null;
  #attempt = 0;
  #heard = 0;
  #lostSince: number | null = null;

  constructor(private readonly options: FeedOptions) {}

  /** Connects and stays connected for the life of the page. */
  start(): void {
    document.addEventListener('visibilitychange', () => this.#visibility());
    window.addEventListener('online', () => this.#retryNow());
    setInterval(() => this.#watch(), WATCH_MS);
    this.#visibility();
    this.#connect();
  }

  want(topic: ShownTopic, wish: Wish): void {
    this.#take(want(this.#state, topic, wish));
  }

  #connect(): void {
    const socket = new WebSocket(this.options.url, SUBPROTOCOL);
    this.#socket = socket;
    if (this.#lostSince === null) this.options.onLink({ phase: 'connecting' });
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', ({ data }) => this.#message(socket, data));
    socket.addEventListener('close', () => this.#closed(socket));
  }

  /** From here silence counts; the link is reported open by the first frame, which says more. */
  #opened(socket: WebSocket): void {
    if (socket === this.#socket) this.#heard = Date.now();
  }

  #message(socket: WebSocket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== 'string') return;
    this.#attempt = 0;
    this.#lostSince = null;
    this.#heard = Date.now();
    const frame = JSON.parse(data) as ServerFrame;
    this.#take(receive(this.#state, frame));
    this.options.onFrame(frame);
    this.options.onLink({ phase: 'open', heard: this.#heard });
  }

  #take({ state, send }: Step): void {
    for (const frame of send) this.send(frame);
    if (state === this.#state) return;
    this.#state = state;
    this.options.onState(state);
  }

  /** Nothing while there is no link: the next hello starts over. */
  send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #closed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    const now = Date.now();
    const spoke = this.#lostSince === null && this.#heard > 0;
    this.#lostSince ??= now;
    this.#take({ state: unlinked(this.#state), send: [] });
    const delay = backoff(this.#attempt++, Math.random());
    this.#report(spoke ? 'dropped' : 'unreachable', now + delay);
    if (!spoke) void this.#explain(now + delay);
    setTimeout(() => this.#retryNow(), delay);
  }

  #report(reason: LostReason, retryAt: number): void {
    this.options.onLink({ phase: 'lost', since: this.#lostSince ?? Date.now(), retryAt, reason });
  }

  async #explain(retryAt: number): Promise<void> {
    const response = await fetch(this.options.healthUrl, { cache: 'no-store' }).catch(() => null);
    if (this.#socket === null) this.#report(reasonOf(response), retryAt);
  }

  #retryNow(): void {
    if (this.#socket === null) this.#connect();
  }

  #watch(): void {
    const silent = this.#heard > 0 && Date.now() - this.#heard > DEAD_AFTER_MS;
    if (!silent || this.#socket?.readyState !== WebSocket.OPEN) return;
    const socket = this.#socket;
    socket.close();
    this.#closed(socket);
  }

  #visibility(): void {
    this.#take(pace(this.#state, document.hidden ? HIDDEN_INTERVAL_MS : null));
  }
}
