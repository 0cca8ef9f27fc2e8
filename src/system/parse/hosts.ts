/** The hosts file, hosts(5). In: its text. Out: the first name of each address, which is written as rows write it. Pure. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Names that are kept; whoever blocks advertisers has more of them, all of one address. */
const MOST = 10_000;
/** A name of DNS, and `_`, which many use: nothing that a terminal or a page could take for something else. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?$/i;

export function parseHosts(text: string): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (names.size === MOST) break;
    const [address = '', name = ''] = (line.split('#', 1)[0] as string).trim().split(/\s+/, 2);
    if (isIP(address) === 0 || address.includes('%') || !NAME.test(name)) continue;
    const read = ipaddr.process(address);
    const written = read.toString();
    // "localhost" says no more than the address does.
    if (read.range() !== 'loopback' && !names.has(written)) names.set(written, name);
  }
  return names;
}
