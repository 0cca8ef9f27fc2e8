/** Addresses to listen on: `host:port` and `[v6]:port`. In: text. Out: host and port. */
import { isIPv6 } from 'node:net';
import { host as bracketed } from '../protocol/format.js';

export interface ListenAddress {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

const SHAPE = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/;

/** Null for anything but `host:port` or `[v6]:port`. */
export function parseListen(text: string): ListenAddress | null {
  const match = SHAPE.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 || (match?.[1] !== undefined) !== isIPv6(host)
    ? null
    : { host, port };
}

/** `host:port` as a URL wants it: IPv6 in brackets. */
export function authority({ host, port }: ListenAddress): string {
  return `${bracketed(host)}:${port}`;
}
