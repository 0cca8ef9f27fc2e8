/**
 * The one gate before every path and before the WebSocket upgrade, checked before the path is. In: a request's headers. Out:
 * null, or the error with which it is refused. The Host check stops DNS rebinding (421), the Origin check stops pages of
 * other sites that say who they are, the Sec-Fetch-Site check those that do not (403), the token stops everything else
 * that is not authorized (401).
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { PortchurnError } from '../../protocol/errors.js';
import { BEARER_PREFIX } from '../../protocol/names.js';

/** What may change while the service runs. */
export interface GateRules {
  /** Null: no token is required. */
  readonly token: Buffer | string | null;
  /** More Host headers to accept: a name, or `name:port`. */
  readonly allowHosts: readonly string[];
  /** More origins to accept, such as `https://ops.example`. */
  readonly allowOrigins: readonly string[];
}

export interface GateOptions extends GateRules {
  /** Addresses or names the service listens on. */
  readonly listenHosts: readonly string[];
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];

interface Authority {
  /** Lower case, IPv6 without brackets. */
  host: string;
  port: string | null;
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([^\s:/?#@[\]\\]+))(?::(\d{1,5}))?$/i;

function parseAuthority(text: string): Authority | null {
  const match = AUTHORITY.exec(text);
  const host = match?.[1] ?? match?.[2];
  return host === undefined || Number(match?.[3] ?? 0) > 65_535
    ? null
    : { host: host.toLowerCase(), port: match?.[3] ?? null };
}

export class Gate {
  readonly #listenHosts: readonly string[];
  #hosts: ReadonlySet<string> = new Set();
  #origins: ReadonlySet<string> = new Set();
  #token: Buffer | null = null;

  /** Throws USAGE for an empty token. */
  constructor({ listenHosts, ...rules }: GateOptions) {
    this.#listenHosts = listenHosts;
    this.set(rules);
  }

  /** From now on these. Returns whether the token is another one: who came with the old one must go. Throws USAGE for an empty token. */
  set({ token, allowHosts, allowOrigins }: GateRules): boolean {
    const next = token === null ? null : Buffer.from(token.toString().trim());
    if (next?.length === 0) throw new PortchurnError('USAGE', 'the token is empty');
    const before = this.#token;
    const hosts = [...LOOPBACK_NAMES, ...this.#listenHosts, ...allowHosts];
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
    this.#origins = new Set(allowOrigins.map((origin) => origin.toLowerCase().replace(/\/$/, '')));
    this.#token = next;
    return next === null ? before !== null : before === null || !equal(before, next);
  }

  /** `permitted`: the connection came through a socket file that not everybody may open, which stands for the token. */
  check(request: IncomingMessage, permitted = false): PortchurnError | null {
    const authority = this.#authority(request);
    if (!authority) {
      return new PortchurnError(
        'MISDIRECTED_HOST',
        'this service does not go by that Host; see --allow-host',
      );
    }
    if (!this.#originAllowed(request.headers.origin, authority)) {
      return new PortchurnError('FORBIDDEN_ORIGIN', 'pages of that origin may not ask; see --allow-origin');
    }
    if (request.headers.origin === undefined && isForeign(request) && !opensPage(request)) {
      return new PortchurnError('CROSS_SITE', 'a page elsewhere made the browser ask; it may only open /');
    }
    if (permitted || this.#isAuthorized(request)) return null;
    return new PortchurnError(
      'UNAUTHORIZED',
      'a token is needed: send "Authorization: Bearer …" or open /#token=…',
    );
  }

  /** Value of Set-Cookie for a session in place of the token; null when no token is required. */
  get cookie(): string | null {
    return this.#token && `${this.#cookieName}=${this.#cookieValue}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #authority(request: IncomingMessage): Authority | null {
    // Of several Host headers Node keeps the first, while a proxy in front may have checked the last.
    const single =
      request.rawHeaders.filter((text, i) => i % 2 === 0 && text.toLowerCase() === 'host').length === 1;
    const authority = single ? parseAuthority(request.headers.host ?? '') : null;
    return authority && this.#hostAllowed(authority, request) ? authority : null;
  }

  /** The address that the connection arrived at is always allowed: DNS rebinding needs a name. */
  #hostAllowed({ host, port }: Authority, request: IncomingMessage): boolean {
    if (this.#hosts.has(host) || (port !== null && this.#hosts.has(`${host}:${port}`))) return true;
    const { localAddress } = request.socket;
    return isIP(host) !== 0 && localAddress !== undefined && sameAddress(host, localAddress);
  }

  #originAllowed(origin: string | undefined, { host, port }: Authority): boolean {
    if (origin === undefined || this.#origins.has(origin.toLowerCase())) return true;
    const [, scheme, rest] = /^(https?):\/\/(.*)$/i.exec(origin) ?? [];
    const from = parseAuthority(rest ?? '');
    const defaultPort = scheme?.toLowerCase() === 'https' ? '443' : '80';
    return from !== null && from.host === host && (from.port ?? defaultPort) === (port ?? defaultPort);
  }

  /** A token that is sent explicitly decides alone: a wrong one is refused even beside a valid cookie. */
  #isAuthorized(request: IncomingMessage): boolean {
    if (!this.#token) return true;
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#isToken(bearerOf(authorization));
    const offered = protocolsOf(request).find((name) => name.startsWith(BEARER_PREFIX));
    if (offered) return this.#isToken(Buffer.from(offered.slice(BEARER_PREFIX.length), 'base64url'));
    return equal(Buffer.from(cookieOf(request, this.#cookieName)), Buffer.from(this.#cookieValue));
  }

  #isToken(offered: Buffer): boolean {
    return this.#token !== null && equal(offered, this.#token);
  }

  /** The cookie holds a value derived from the token, not the token. Its name differs between services on one host. */
  get #cookieName(): string {
    return `portchurn-${this.#derive('name').slice(0, 8)}`;
  }

  get #cookieValue(): string {
    return this.#derive('session');
  }

  #derive(purpose: string): string {
    return createHmac('sha256', this.#token ?? '')
      .update(`portchurn ${purpose}`)
      .digest('hex');
  }
}

/**
 * Browsers say where a request comes from. `none` is a typed address or a bookmark; without the header it is no browser, or
 * the address is neither loopback nor https. Whatever else it says, several values too, is not this service's own page.
 */
function isForeign({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** A link to the page: what the page then asks for, it asks for itself. */
function opensPage({ method, url, headers }: IncomingMessage): boolean {
  return method === 'GET' && url?.split('?')[0] === '/' && headers['sec-fetch-mode'] === 'navigate';
}

/** The subprotocols that the client offers in Sec-WebSocket-Protocol. */
export function protocolsOf(request: IncomingMessage): string[] {
  const header = request.headers['sec-websocket-protocol'] ?? '';
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function bearerOf(authorization: string): Buffer {
  return Buffer.from(/^Bearer +(\S+)$/i.exec(authorization.trim())?.[1] ?? '');
}

function cookieOf(request: IncomingMessage, name: string): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** In constant time, whatever the two lengths are. */
function equal(a: Buffer, b: Buffer): boolean {
  const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function sameAddress(a: string, b: string): boolean {
  const canonical = (text: string) => ipaddr.process(text.replace(/%.*$/, '')).toString();
  return canonical(a) === canonical(b);
}
