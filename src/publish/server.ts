/**
 * HTTP on each address with one gate before every request, and WebSocket beside it. In: a Source and how to serve it. Out: a
 * running server.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Logger } from 'pino';
import { type ErrorCode, PortchurnError } from '../protocol/errors.js';
import { SESSION_PATH } from '../protocol/names.js';
import { requireTokenFor } from '../protocol/service-address.js';
import type { Source } from '../protocol/source.js';
import { createApp } from './http/app.js';
import { loadAssets } from './http/assets.js';
import {
  asPortchurnError,
  errorBody,
  refuse,
  refuseSocket,
  SECURITY_HEADERS,
} from './http/error-response.js';
import { Gate, type GateRules } from './http/gate.js';
import { Turns } from './http/turns.js';
import type { SocketRights } from './http/unix-socket.js';
import { Hub } from './hub.js';
import { hostsOf, type ListenAddress, Listeners, MAX_HEADER_BYTES } from './listeners.js';
import { Metrics } from './metrics/metrics.js';
import { WebSockets } from './stream/websocket.js';
import { Ticker } from './ticker.js';

export interface ServerOptions {
  /** At least one. */
  readonly listen: readonly ListenAddress[];
  /** Of the addresses that are paths. */
  readonly socketRights?: SocketRights;
  readonly source: Source;
  /** Publish interval. */
  readonly intervalMs: number;
  readonly version: string;
  /** This machine's name. */
  readonly host: string;
  /** Its kernel's release. */
  readonly kernel: string;
  /** Required beyond loopback. */
  readonly token?: Buffer | string | null;
  /** Filter expression: only what matches is published. The source's findings and verdict are about that alone. */
  readonly filter?: string;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  /** The built dashboard; it may be missing. */
  readonly dashboardDir: string;
  readonly log: Logger;
  /** Monotonic ms, for the stall detector. */
  readonly clock?: () => number;
}

export interface RunningServer {
  /** Its addresses in their order, such as `http://127.0.0.1:7790/` and `unix:/run/portchurn/portchurn.sock`. */
  readonly urls: readonly string[];
  /** The first that a browser can open, else the first. */
  readonly url: string;
  readonly hub: Hub;
  readonly sockets: Pick<WebSockets, 'checkConnections' | 'queuedBytes'>;
  /** Who may ask from now on. With another token all streams end. Throws USAGE, and changes nothing, where a token is missing. */
  admit(rules: GateRules): void;
  stop(): Promise<void>;
}

/** Requests of one connection that were not answered yet; browsers and our clients have one. */
const MAX_PIPELINED = 16;

/** Resolves once clients can connect. Throws PORT_IN_USE, SOCKET_IN_USE, LISTEN_FAILED, USAGE or BAD_FILTER. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { listen, log } = options;
  const gate = gateOf(options);
  const hub = new Hub(options);
  const metrics = new Metrics({ ...options, tables: hub.tables });
  const app = createApp({ hub, gate, assets: loadAssets(options.dashboardDir), metrics, log });
  const sockets = new WebSockets(hub, log, options.clock);
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false, errorHandler });
  const turns = new Turns();
  const listeners = new Listeners((server, permitted) =>
    serve(server, (request) => gate.check(request, permitted) ?? faultOf(request), answer, sockets, turns),
  );
  await listeners.open(listen, options.socketRights);
  sockets.watch();
  const ticker = new Ticker(hub, options.intervalMs);
  ticker.start();
  const admit = (rules: GateRules) => {
    checkToken(listen, rules);
    if (!gate.set(rules)) return;
    sockets.disconnect();
    listeners.closeConnections();
  };
  const { urls } = listeners;
  return { urls, url: shown(urls), hub, sockets, admit, stop: () => stop(listeners, sockets, ticker) };
}

const shown = (urls: readonly string[]): string =>
  urls.find((url) => url.startsWith('http')) ?? (urls[0] as string);

function gateOf({ listen, token = null, allowHosts, allowOrigins }: ServerOptions): Gate {
  const rules = { token, allowHosts, allowOrigins };
  checkToken(listen, rules);
  return new Gate({ listenHosts: hostsOf(listen), ...rules });
}

function checkToken(listen: readonly ListenAddress[], { token }: GateRules): void {
  const open = hostsOf(listen).find(requireTokenFor);
  if (token !== null || open === undefined) return;
  throw new PortchurnError('USAGE', `listening on ${open} needs a token`, { hint: '--token-file F' });
}

/** How many requests each connection waits for. */
class Pipeline {
  readonly #open = new WeakMap<Duplex, number>();

  /** False: this one is too many. */
  admits({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const open = this.#open.get(socket) ?? 0;
    if (open >= MAX_PIPELINED) return false;
    this.#open.set(socket, open + 1);
    response.once('finish', () => this.#open.set(socket, (this.#open.get(socket) ?? 1) - 1));
    return true;
  }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

type Check = (request: IncomingMessage) => PortchurnError | null;

function serve(server: Server, check: Check, listener: Listener, sockets: WebSockets, turns: Turns): void {
  const pipeline = new Pipeline();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (!pipeline.admits(request, response)) return void request.socket.destroy();
    turns.later(request.socket, () => handle(request, response, check, listener));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const error = check(request);
    if (error) refuseSocket(socket, error, request.method);
    else sockets.upgrade(request, socket, head);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (socket.writable && error.code !== 'ECONNRESET') refuseSocket(socket, parseFault(error.code));
    else socket.destroy();
  });
}

function handle(request: IncomingMessage, response: ServerResponse, check: Check, listener: Listener): void {
  const error = check(request);
  if (error) {
    refuse(request, response, error);
    return;
  }
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
  void listener(request, response);
}

/** No path takes a body, and only the session exchange is a POST. */
function faultOf({ method, url, headers }: IncomingMessage): PortchurnError | null {
  const reads = method === 'GET' || method === 'HEAD';
  if (!reads && !(method === 'POST' && url === SESSION_PATH)) {
    return new PortchurnError('METHOD_NOT_ALLOWED', 'only GET and HEAD are answered');
  }
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0) {
    return new PortchurnError('TOO_LARGE', 'requests have no body here');
  }
  return url?.startsWith('/') ? null : new PortchurnError('USAGE', 'a request begins with a path');
}

/** The gate compares names, hono makes a URL of them: a Host or a path of which there is none gets the same JSON. */
function errorHandler(error: unknown): Response {
  const known = error instanceof RequestError ? urlFault(error) : asPortchurnError(error);
  const headers = { 'cache-control': 'no-store', 'content-type': 'application/json' };
  return new Response(JSON.stringify(errorBody(known)), { status: known.status, headers });
}

/** A path can be wrong in one way only; with any other fault it is the Host that no URL can have. */
function urlFault({ message }: Error): PortchurnError {
  return message.includes('path')
    ? new PortchurnError('USAGE', 'a path has no backslash')
    : new PortchurnError('MISDIRECTED_HOST', 'that Host is no part of a URL as it is written');
}

function parseFault(code: string | undefined): PortchurnError {
  const faults: Record<string, [ErrorCode, string]> = {
    HPE_HEADER_OVERFLOW: ['HEADERS_TOO_LARGE', `headers have at most ${MAX_HEADER_BYTES} bytes`],
    ERR_HTTP_REQUEST_TIMEOUT: ['REQUEST_TIMEOUT', 'the request did not arrive in time'],
  };
  return new PortchurnError(...(faults[code ?? ''] ?? (['USAGE', 'this is not HTTP'] as const)));
}

async function stop(listeners: Listeners, sockets: WebSockets, ticker: Ticker): Promise<void> {
  ticker.stop();
  await listeners.close(() => sockets.stop());
}
