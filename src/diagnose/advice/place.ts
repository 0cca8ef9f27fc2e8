/**
 * The destination of a finding as the lines of a fix write it, so that they can be pasted. Everything here comes from the kernel:
 * text that another process chose (names, command lines) is never part of a snippet. In: an endpoint. Out: words. Pure.
 */
import type { Endpoint, Fix } from '../../protocol/rows.js';

export interface Place {
  /** `10.0.0.9`, `2001:db8::1`; a word to replace where it is not known. */
  readonly address: string;
  /** The same in a URL: `[2001:db8::1]`. */
  readonly host: string;
  readonly port: string;
  /** `10.0.0.9:8080`, `[2001:db8::1]:443`. */
  readonly at: string;
  readonly scheme: 'http' | 'https';
  /** `http://10.0.0.9:8080`, without a path. */
  readonly origin: string;
  /** For names of sections in configuration files. */
  readonly name: string;
}

const TLS_PORTS: ReadonlySet<number | null> = new Set([443, 6443, 8443, 9443]);

export function placeOf({ address, port }: Endpoint): Place {
  const known = address ?? 'ADDRESS';
  const host = known.includes(':') ? `[${known}]` : known;
  const at = `${host}:${port ?? 'PORT'}`;
  const scheme = TLS_PORTS.has(port) ? 'https' : 'http';
  const name = `kept-${`${known}-${port ?? 'PORT'}`.replace(/[^\w]+/g, '-')}`;
  return {
    address: known,
    host,
    port: String(port ?? 'PORT'),
    at,
    scheme,
    origin: `${scheme}://${at}`,
    name,
  };
}

/** Lines to paste, toward one place. */
export type Snippet = (place: Place) => Fix;

export const fix = (text: string, language: string, ...lines: string[]): Fix => ({
  text,
  snippet: lines.join('\n'),
  language,
});
