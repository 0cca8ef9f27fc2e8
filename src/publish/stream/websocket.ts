/**
 * The WebSocket side: `portchurn.v1` on the HTTP server's upgrade. Enters: upgrades that passed the gate, client frames.
 * Leaves: frames; errors for what is malformed; closed connections for floods and clients that take nothing.
 * Called by server.ts.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { PortchurnError } from '../../protocol/errors.js';
import type { ErrorFrame } from '../../protocol/frames.js';
import { CLOSE, MAX_CLIENT_FRAME, MAX_SUB, PING_MS, STREAM_PATH, SUBPROTOCOL } from '../../protocol/names.js';
import { checkClientFrame } from '../../protocol/validate.js';
import { asPortchurnError, errorBody, refuseSocket } from '../http/error-response.js';
import { protocolsOf } from '../http/gate.js';
import type { Hub } from '../hub.js';
import type { Client, Wire } from './client.js';
import { HIGH_WATER, StallDetector, WATCH_MS } from './stall-detector.js';

/** Frames a client may send in one go, and per second in the long run. */
const BURST = 500;
const FRAMES_PER_SECOND = 100;
/** How long a stopping service waits for clients to say goodbye. */
const GOODBYE_MS = 1000;

export class WebSockets {
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME,
    handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
  });
  readonly #connections = new Set<Connection>();
  #watch: NodeJS.Timeout | undefined;

  constructor(
    private readonly hub: Hub,
    private readonly log: Logger,
    private readonly clock: () => number = () => performance.now(),
  ) {}

  /** From here on connections are pinged, and closed when they take nothing. */
  watch(): void {
    this.#watch = setInterval(() => this.checkConnections(), WATCH_MS);
  }

  /** Looks after every connection once. */
  checkConnections(): void {
    const now = this.clock();
    for (const connection of this.#connections) connection.look(now);
  }

  /** What waits in this process for clients to take it. */
  get queuedBytes(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.queuedBytes, 0);
  }

  /** Takes over the socket of a request that passed the gate. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const error = this.#fault(request);
    if (error) refuseSocket(socket, error, request.method);
    else this.#server.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket as Socket));
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
    }, GOODBYE_MS);
    await Promise.all([...this.#connections].map((connection) => connection.goodbye()));
    clearTimeout(deadline);
  }

  #fault(request: IncomingMessage): PortchurnError | null {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return new PortchurnError('USAGE', 'the only upgrade there is leads to websocket');
    }
    if (request.url?.split('?')[0] !== STREAM_PATH) {
      return new PortchurnError('NOT_FOUND', `the WebSocket is at ${STREAM_PATH}`);
    }
    const offered = protocolsOf(request);
    if (offered.length > 0 && !offered.includes(SUBPROTOCOL)) {
      return new PortchurnError('USAGE', `the subprotocol is ${SUBPROTOCOL}`);
    }
    return this.#full();
  }

  #full(): PortchurnError | null {
    try {
      this.hub.admit();
      return null;
    } catch (error) {
      return asPortchurnError(error);
    }
  }

  #accept(ws: WebSocket, socket: Socket): void {
    const connection = new Connection(ws, socket, this.hub, this.log, this.clock());
    this.#connections.add(connection);
    ws.on('close', () => this.#connections.delete(connection));
  }
}

class Connection implements Wire {
  readonly #client: Client;
  readonly #progress: StallDetector;
  readonly #closed: Promise<void>;
  #allowance = BURST;
  #refilled = performance.now();
  #pinged: number;

  constructor(
    private readonly ws: WebSocket,
    socket: Socket,
    hub: Hub,
    private readonly log: Logger,
    now: number,
  ) {
    this.#pinged = now;
    this.#progress = new StallDetector(socket, true, now);
    this.#client = hub.connect(this);
    this.#closed = new Promise((resolve) => ws.once('close', () => resolve()));
    ws.on('close', () => this.#client.close());
    ws.on('error', (error) => this.log.debug({ err: error }, 'websocket closed by a protocol error'));
    ws.on('pong', () => this.#progress.heard());
    ws.on('ping', () => this.#allow());
    ws.on('message', (data, isBinary) => this.#message(data, isBinary));
  }

  get queuedBytes(): number {
    return this.ws.bufferedAmount;
  }

  get backedUp(): boolean {
    return this.queuedBytes > HIGH_WATER;
  }

  send(text: string): void {
    this.ws.send(text, (error) => error || this.#drained());
  }

  /** Every few seconds: pings when it is time, closes a client that takes nothing. Monotonic ms. */
  look(now: number): void {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    if (this.#progress.stalled(now)) this.ws.close(CLOSE.stalled, 'no progress for 30 s');
    else if (now - this.#pinged >= PING_MS && !this.backedUp) this.#ping(now);
  }

  #ping(now: number): void {
    this.#pinged = now;
    this.ws.ping();
  }

  goodbye(): Promise<void> {
    this.ws.close(CLOSE.goingAway, 'the service stops');
    return this.#closed;
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** Sends what waited. A client that sent faster than it read is listened to again. */
  #drained(): void {
    if (this.backedUp || this.ws.readyState !== WebSocket.OPEN) return;
    if (this.ws.isPaused) this.ws.resume();
    this.#client.sendDue();
  }

  #message(data: RawData, isBinary: boolean): void {
    this.#progress.heard();
    if (this.ws.readyState !== WebSocket.OPEN || !this.#allow()) return;
    let frame: unknown;
    try {
      frame = parse(data, isBinary);
      this.#client.receive(checkClientFrame(frame));
    } catch (error) {
      this.#refuse(error, frame);
    }
  }

  #refuse(error: unknown, frame: unknown): void {
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
    const refill = ((now - this.#refilled) / 1000) * FRAMES_PER_SECOND;
    this.#allowance = Math.min(BURST, this.#allowance + refill) - 1;
    this.#refilled = now;
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
