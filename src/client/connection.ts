/**
 * One connection of the stream, from handshake to its end. In: a WebSocket that was just opened. Out: frames in order, then
 * once the reason why there will be no more. It does not reconnect: reconnector.ts does.
 */
import type { ClientFrame, ServerFrame } from '../protocol/frames.js';
import { STREAM_PATH } from '../protocol/names.js';
import { parseJson } from './json.js';

/** The parts of a WebSocket used here: the browser's and the one of the package `ws` have them alike. */
export interface ClientSocket {
  readonly readyState: number;
  send(text: string): void;
  close(): void;
  addEventListener(type: 'open', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number }) => void): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

/** Why a connection ended. `cause`: what the WebSocket failed with; browsers do not say. */
export type Loss =
  | { readonly kind: 'failed'; readonly cause: unknown }
  | { readonly kind: 'closed'; readonly code: number }
  | { readonly kind: 'silent' };

export interface ConnectionOptions {
  /** After this much silence the connection is dead whatever TCP believes, ms. */
  readonly silenceMs: number;
  /** Ms. A wall clock notices that the computer slept, a monotonic one ignores that the time was set. */
  clock(): number;
  onFrame(frame: ServerFrame): void;
  /** Called at most once, and not after close(). */
  onLoss(loss: Loss): void;
}

/** WebSocket.OPEN: Node 20 has no global WebSocket to take it from. */
const OPEN = 1;
const CHECK_MS = 1_000;

/** The stream's address; `base`: the service's. */
export function streamUrl(base: string): string {
  const url = new URL(`.${STREAM_PATH}`, base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export class Connection {
  readonly #check: ReturnType<typeof setInterval>;
  /** Null until the handshake is over: the time before it is the WebSocket's own to limit. */
  #heardAt: number | null = null;
  #greeted = false;
  #ended = false;

  constructor(
    private readonly socket: ClientSocket,
    private readonly options: ConnectionOptions,
  ) {
    socket.addEventListener('open', () => this.heard());
    socket.addEventListener('message', ({ data }) => this.#message(data));
    socket.addEventListener('error', (event) =>
      this.#end({ kind: 'failed', cause: (event as { error?: unknown }).error ?? 'the connection failed' }),
    );
    socket.addEventListener('close', ({ code }) => this.#end({ kind: 'closed', code }));
    this.#check = setInterval(() => this.#checkSilence(), CHECK_MS);
  }

  /** Dropped before the hello and after the end: the hello of the next connection starts over. */
  send(frame: ClientFrame): void {
    if (this.#greeted && this.socket.readyState === OPEN) this.socket.send(JSON.stringify(frame));
  }

  /** A sign of life that is no frame, such as a ping. */
  heard(): void {
    this.#heardAt = this.options.clock();
  }

  close(): void {
    this.#stop();
    this.socket.close();
  }

  #message(data: unknown): void {
    if (this.#ended || typeof data !== 'string') return;
    this.heard();
    const frame = parseJson(data) as ServerFrame | null;
    if (frame === null) return;
    if (frame.type === 'hello') this.#greeted = true;
    this.options.onFrame(frame);
  }

  #checkSilence(): void {
    if (this.#heardAt === null || this.socket.readyState !== OPEN) return;
    if (this.options.clock() - this.#heardAt <= this.options.silenceMs) return;
    this.socket.close();
    this.#end({ kind: 'silent' });
  }

  #end(loss: Loss): void {
    if (this.#ended) return;
    this.#stop();
    this.options.onLoss(loss);
  }

  #stop(): void {
    this.#ended = true;
    clearInterval(this.#check);
  }
}
