/**
 * The WebSocket side of the HTTP server: subprotocol `portchurn.v1`. In: upgrades that passed the gate. Out: connections,
 * checked every few seconds and closed when the service stops; an HTTP error for an upgrade that is refused.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { PortchurnError } from '../../protocol/errors.js';
import { MAX_CLIENT_FRAME, STREAM_PATH, SUBPROTOCOL } from '../../protocol/names.js';
import { asPortchurnError, refuseSocket } from '../http/error-response.js';
import { protocolsOf } from '../http/gate.js';
import type { Hub } from '../hub.js';
import { Connection } from './connection.js';
import { WATCH_MS } from './stall-detector.js';

/** How long a service that stops waits for its clients to close their side. */
const CLOSE_TIMEOUT_MS = 1000;

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

  checkConnections(): void {
    const now = this.clock();
    for (const connection of this.#connections) connection.check(now);
  }

  /** Bytes that wait in this process until clients take them. */
  get queuedBytes(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.queuedBytes, 0);
  }

  /** Takes over the socket of a request that passed the gate. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const error = faultOf(request) ?? this.#overload();
    if (error) refuseSocket(socket, error, request.method);
    else this.#server.handleUpgrade(request, socket, head, (ws) => this.#accept(ws, socket as Socket));
  }

  /** Ends every connection: clients that come back pass the gate anew. */
  disconnect(): void {
    for (const connection of this.#connections) void connection.close();
  }

  async stop(): Promise<void> {
    clearInterval(this.#watch);
    const deadline = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
    }, CLOSE_TIMEOUT_MS);
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    clearTimeout(deadline);
  }

  #overload(): PortchurnError | null {
    try {
      this.hub.checkCapacity();
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

/** What is wrong with an upgrade, or null. */
function faultOf(request: IncomingMessage): PortchurnError | null {
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
  return null;
}
