/** A service to attach to, and how its connections are made. In: the value of --connect. Out: a target. */
import type { ServiceAddress } from '../../client/errors.js';
import { HttpClient } from '../../client/http.js';
import { parseUnix, unixUrl } from '../../protocol/service-address.js';
import { type Dial, dialPath } from './dial.js';
import { lightFetch } from './light-fetch.js';

export interface Target {
  readonly service: ServiceAddress;
  /** Absent: as Node does it, by the URL. */
  readonly dial?: Dial;
}

const HINTS = {
  UNAUTHORIZED: 'give the token of the service: --token-file F',
  SERVICE_UNREACHABLE: 'start one with "portchurn serve", or trace without one: --standalone',
} as const;

/** `connect`: a URL or `unix:/PATH`. */
export function targetAt(connect: string, token: string | null): Target {
  const path = parseUnix(connect);
  return path === null
    ? { service: { url: asFolder(connect), token, hints: HINTS } }
    : targetAtPath(path, token);
}

export function targetAtPath(path: string, token: string | null): Target {
  const service = { url: 'http://localhost/', shown: unixUrl(path), token, hints: HINTS };
  return { service, dial: dialPath(path) };
}

export const httpClient = ({ service, dial }: Target): HttpClient =>
  new HttpClient(service, lightFetch(dial));

/** Paths of the API are below that of the service, which a proxy may have: `http://host/portchurn` is `…/portchurn/`. */
function asFolder(url: string): string {
  const parsed = new URL(url);
  if (parsed.pathname.endsWith('/')) return url;
  parsed.pathname += '/';
  return parsed.href;
}
