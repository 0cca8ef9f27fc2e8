/**
 * The addresses that the service listens on, each with an HTTP server of its own. In: addresses, what answers there. Out: their URLs;
 * all of them close together. When one address cannot be had, none is kept.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PortchurnError } from '../protocol/errors.js';
import { host as bracketed } from '../protocol/format.js';
import { unixUrl } from '../protocol/service-address.js';
import { isGuarded, listenAtPath, type SocketRights } from './http/unix-socket.js';

interface Tcp {
  readonly host: string;
  readonly port: number;
}
export type ListenAddress = Tcp | { readonly path: string };

/** Only the service's own user, until told otherwise. */
const OWN: SocketRights = { mode: 0o600, gid: null };

export const MAX_HEADER_BYTES = 16 * 1024;
const LIMITS = { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 10_000, requestTimeout: 15_000 } as const;
/** Node's own refusal of a request without Host has no body: the gate's is the promised one. */
const LENIENT = { requireHostHeader: false } as const;
const TIMEOUTS = { keepAliveTimeout: 5000, connectionsCheckingInterval: 5000 } as const;
const MAX_CONNECTIONS = 2048;

/** Names and addresses among `listen`; a path has none. */
export const hostsOf = (listen: readonly ListenAddress[]): string[] =>
  listen.flatMap((address) => ('host' in address ? [address.host] : []));

export class Listeners {
  readonly urls: string[] = [];
  readonly #servers: Server[] = [];

  /** `answer` takes over a server; `permitted`: not everybody may connect to it. */
  constructor(private readonly answer: (server: Server, permitted: boolean) => void) {}

  /** Resolves once clients can connect. Throws PORT_IN_USE, SOCKET_IN_USE or LISTEN_FAILED. */
  async open(listen: readonly ListenAddress[], rights: SocketRights = OWN): Promise<void> {
    try {
      for (const address of listen) this.urls.push(await this.#listen(address, rights));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  closeConnections(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  /** No new ones; `ended`: what is done before those that are left are cut off. */
  async close(ended: () => Promise<void> = async () => undefined): Promise<void> {
    const open = this.#servers.filter((server) => server.listening);
    const closed = open.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await ended();
    this.closeConnections();
    await Promise.all(closed);
  }

  async #listen(address: ListenAddress, rights: SocketRights): Promise<string> {
    const server = createServer({ ...LIMITS, ...TIMEOUTS, ...LENIENT });
    server.maxConnections = MAX_CONNECTIONS;
    this.#servers.push(server);
    this.answer(server, 'path' in address && isGuarded(rights));
    if (!('path' in address)) return urlOf(await listenAtPort(server, address));
    await listenAtPath(server, address.path, rights);
    return unixUrl(address.path);
  }
}

function listenAtPort(server: Server, { host, port }: Tcp): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, host, port));
    server.once('error', failed);
    server.listen({ host, port }, () => {
      server.off('error', failed);
      resolve(server.address() as AddressInfo);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): PortchurnError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    return new PortchurnError('PORT_IN_USE', `${where} is in use`, {
      hint: `choose another with --listen 127.0.0.1:PORT, or attach to the service there with "portchurn top"`,
      cause: error,
    });
  }
  const text = `cannot listen on ${where}: ${error.code ?? error.message}`;
  return new PortchurnError('LISTEN_FAILED', text, { cause: error });
}

function urlOf({ address, port }: AddressInfo): string {
  return `http://${bracketed(address)}:${port}/`;
}
