/**
 * Addresses of services: which hosts only this machine can reach, so that no token is needed there, and paths of unix sockets,
 * `unix:/run/portchurn/portchurn.sock`. For programs on Node, not for a page.
 */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `host`: a name or an address, IPv6 without brackets. Of all names only `localhost` counts. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host === 'localhost';
  return loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

/** Anything beyond loopback must ask for a token. */
export function requireTokenFor(listenHost: string): boolean {
  return !isLoopback(listenHost);
}

/** sun_path of unix(7) has 108 bytes, the last of them NUL. */
const LONGEST_PATH = 107;

/** Null for anything but `unix:` and an absolute path that the kernel can take. */
export function parseUnix(text: string): string | null {
  const path = /^unix:(\/[^\0]+)$/.exec(text)?.[1];
  return path === undefined || Buffer.byteLength(path) > LONGEST_PATH ? null : path;
}

export const unixUrl = (path: string): string => `unix:${path}`;
