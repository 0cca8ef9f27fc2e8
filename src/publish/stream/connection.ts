/**
 * One WebSocket connection. In: the client's messages, pongs and drained writes. Out: frames, error frames for what is
 * malformed; a close for a client that floods or takes nothing.
 */
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { type RawData, WebSocket } from 'ws';
import { PortchurnError } from '../../protocol/errors.js';
import type { ErrorFrame } from '../../protocol/frames.js';
import { CLOSE, MAX_SUB, PING_MS } from '../../protocol/names.js';
import { checkClientFrame } from '../../protocol/validate.js';
import { asPortchurnError, errorBody } from '../http/error-response.js';
import type { Hub } from '../hub.js';
import type { Client, Transport } from './client.js';
import { type Frame, Outbox, type Sink } from './outbox.js';
import { HIGH_WATER, StallDetector } from './stall-detector.js';

/** Frames that a client may send at once, and per second in the long run. */
const BURST = 500;
const FRAMES_PER_SECOND = 100;

export class Connection implements Transport, Sink {
  readonly #client: Client;
  readonly #stallDetector: StallDetector;
  readonly #closed: Promise<void>;
  readonly #outbox = new Outbox(this);
  #allowance = BURST;
  #refilledAt = performance.now();
  #pingedAt: number;

  constructor(
    private readonly ws: WebSocket,
    socket: Socket,
    hub: Hub,
    private readonly log: Logger,
    now: number,
  ) {
    this.#pingedAt = now;
    this.#stallDetector = new StallDetector(socket, true, now);
    this.#client = hub.connect(this);
    this.#closed = new Promise((resolve) => ws.once('close', () => resolve()));
    ws.on('close', () => {
      this.#outbox.clear();
      this.#client.close();
    });
    ws.on('error', (error) => this.log.debug({ err: error }, 'websocket closed by a protocol error'));
    ws.on('pong', () => this.#pong());
    ws.on('ping', () => this.#allow());
    ws.on('message', (data, isBinary) => this.#message(data, isBinary));
  }

  get queuedBytes(): number {
    return this.ws.bufferedAmount;
  }

  get isFull(): boolean {
    return this.queuedBytes > HIGH_WATER;
  }

  get backedUp(): boolean {
    return this.isFull || !this.#outbox.isEmpty;
  }

  /** Throws what a text throws that cannot be made: the client has to come again, for a snapshot. */
  send(frame: Frame): void {
    try {
      this.#outbox.push(frame);
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  broken(error: unknown): void {
    this.log.error({ err: error }, 'a frame could not be made: its client is disconnected');
    this.terminate();
  }

  /** Parts of one message are fragments of it: pings and a close may come between them. */
  write(part: string | Buffer, isLast: boolean): void {
    this.ws.send(part, { binary: false, fin: isLast }, (error) => error || this.#drained());
  }

  /** Runs every few seconds: pings when it is time, closes a client that takes nothing. `now`: monotonic ms. */
  check(now: number): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    if (this.#stallDetector.stalled(now)) this.ws.close(CLOSE.stalled, 'no progress for 30 s');
    else if (now - this.#pingedAt >= PING_MS && !this.backedUp) this.#ping(now);
  }

  #ping(now: number): void {
    this.#pingedAt = now;
    this.ws.ping();
  }

  /** A client may send pongs that nobody asked for: they cost what any frame costs. */
  #pong(): void {
    this.#stallDetector.received();
    this.#allow();
  }

  /** Resolves once the client has closed its side too. */
  close(): Promise<void> {
    this.ws.close(CLOSE.goingAway, 'the service stops');
    return this.#closed;
  }

  terminate(): void {
    this.#outbox.clear();
    this.ws.terminate();
  }

  /** Sends what waited, and reads again from a client that was paused because it did not read its errors. */
  #drained(): void {
    if (this.isFull || this.ws.readyState !== WebSocket.OPEN) return;
    this.#outbox.proceed();
    if (this.backedUp) return;
    if (this.ws.isPaused) this.ws.resume();
    this.#client.sendDue();
  }

  #message(data: RawData, isBinary: boolean): void {
    this.#stallDetector.received();
    if (this.ws.readyState !== WebSocket.OPEN || !this.#allow()) return;
    let frame: unknown;
    try {
      frame = parse(data, isBinary);
      this.#client.receive(checkClientFrame(frame));
    } catch (error) {
      this.#sendError(error, frame);
    }
  }

  #sendError(error: unknown, frame: unknown): void {
    const known = asPortchurnError(error);
    if (known.code === 'INTERNAL') this.log.error({ err: error }, 'a client frame made the service fail');
    const { sub } = (frame ?? {}) as { sub?: unknown };
    const answer: ErrorFrame = { type: 'error', ...errorBody(known) };
    if (typeof sub === 'string' && sub.length <= MAX_SUB) answer.sub = sub;
    this.send(JSON.stringify(answer));
    if (this.backedUp) this.ws.pause();
  }

  /** A token bucket; an empty one closes the connection. */
  #allow(): boolean {
    const now = performance.now();
    const refill = ((now - this.#refilledAt) / 1000) * FRAMES_PER_SECOND;
    this.#allowance = Math.min(BURST, this.#allowance + refill) - 1;
    this.#refilledAt = now;
    if (this.#allowance >= 0) return true;
    this.ws.close(CLOSE.flooding, 'too many frames');
    return false;
  }
}

function parse(data: RawData, isBinary: boolean): unknown {
  if (isBinary) throw new PortchurnError('BAD_FRAME', 'frames are JSON text, not binary');
  try {
    return JSON.parse(data.toString()) as unknown;
  } catch {
    throw new PortchurnError('BAD_FRAME', 'this is not JSON');
  }
}
