/**
 * Addresses to listen on: `host:port`, `[v6]:port` and `unix:/path`; the rights of a socket file. In: text. Out: host and port, or a
 * path; a mode.
 */
import { isIPv6 } from 'node:net';
import { host as bracketed } from '../protocol/format.js';
import { parseUnix } from '../protocol/service-address.js';

export interface TcpAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

export interface UnixAddress {
  readonly path: string;
}

export type ListenAddress = TcpAddress | UnixAddress;

/** Who may open a socket file. */
export interface SocketFile {
  readonly mode: number;
  /** A name or a number; null: that of the service. */
  readonly group: string | null;
}

export const LISTEN_WANTED = 'host:port, [v6]:port or unix:/PATH';
const SHAPE = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

/** Null for anything but LISTEN_WANTED. */
export function parseListen(text: string): ListenAddress | null {
  const path = parseUnix(text);
  if (path !== null) return { path };
  const match = SHAPE.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 || (match?.[1] !== undefined) !== isIPv6(host)
    ? null
    : { host, port };
}

export const isTcp = (address: ListenAddress): address is TcpAddress => 'port' in address;

/** `host:port` as a URL wants it: IPv6 in brackets. */
export function authority({ host, port }: TcpAddress): string {
  return `${bracketed(host)}:${port}`;
}

/** The owner must read and write, or the service locks itself out. YAML's own octal (0o660) arrives as another number, and is refused. */
export const MODE_PATTERN = '^0?[67][0-7]{2}$';
export const MODE_WANTED = 'an octal mode such as 0660, the first digit 6 or 7';

export const parseMode = (text: string): number => Number.parseInt(text, 8);
