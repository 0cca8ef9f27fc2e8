/** The hosts file, hosts(5). In: its text. Out: the first name of each address, which is written as rows write it. Pure. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Addresses that are looked at: what blocks advertisers has tens of thousands of lines, most of one address. */
const MOST = 10_000;
/** A name of DNS, and `_`, which many use: nothing that a terminal or a page could take for something else. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?$/i;

export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  const looked = new Set<string>();
  for (const line of text.split('\n')) {
    if (looked.size === MOST) break;
    const [address = '', name = ''] = (line.split('#', 1)[0] as string).trim().split(/\s+/, 2);
    if (looked.has(address) || !NAME.test(name)) continue;
    const written = writtenOf(address);
    looked.add(address);
    if (written !== null && !names.has(written)) names.set(written, name);
  }
  return names;
}

/** As rows write it. Null: no address, or one of loopback, of which "localhost" says no more than the address does. */
function writtenOf(address: string): string | null {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return null;
  // One of IPv4 has one way to be written, and what reads the other kind takes long.
  if (family === 4) return address.startsWith('127.') ? null : address;
  const read = ipaddr.process(address);
  return read.range() === 'loopback' ? null : read.toString();
}
