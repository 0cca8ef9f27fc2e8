/** The hosts file, hosts(5). In: its bytes. Out: the first name of each address, which is written as rows write it. Pure. Nothing else of it becomes text. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Addresses that are looked at: what blocks advertisers has tens of thousands of lines, most of one address. */
const MOST = 10_000;
/** A name of DNS, and `_`, which many use: nothing that a terminal or a page could take for something else. */
const NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9_])?$/i;
/** The longest of IPv6, with an IPv4 address at its end. */
const LONGEST_ADDRESS = 45;
const LONGEST_NAME = 253;
const [NEWLINE, BLANK, COMMENT] = [0x0a, 0x20, 0x23];

/** @param most addresses that are looked at; what stands behind them is not read */
export function parseHosts(bytes: Buffer, most = MOST): Map<string, string> {
  const names = new Map<string, string>();
  const looked = new Set<string>();
  for (let at = 0; at < bytes.length && looked.size < most; ) {
    const newline = bytes.indexOf(NEWLINE, at);
    const end = newline < 0 ? bytes.length : newline;
    const first = wordAt(bytes, at, end);
    at = end + 1;
    const address = textOf(bytes, first, LONGEST_ADDRESS);
    if (address === '' || looked.has(address)) continue;
    const name = textOf(bytes, wordAt(bytes, first.end, end), LONGEST_NAME);
    if (!NAME.test(name)) continue;
    const written = writtenOf(address);
    looked.add(address);
    if (written !== null && !names.has(written)) names.set(written, name);
  }
  return names;
}

interface Word {
  readonly begin: number;
  readonly end: number;
}

function wordAt(bytes: Buffer, from: number, to: number): Word {
  let begin = from;
  while (begin < to && isBlank(bytes[begin])) begin++;
  let end = begin;
  while (end < to && !isBlank(bytes[end]) && bytes[end] !== COMMENT) end++;
  return { begin, end };
}

/** Blank, or what moves a cursor: tab to carriage return. */
const isBlank = (byte = 0) => byte === BLANK || (byte >= 0x09 && byte <= 0x0d);

/** A text of its own, that keeps nothing else alive; empty for what is too long. */
const textOf = (bytes: Buffer, { begin, end }: Word, longest: number): string =>
  end - begin > longest ? '' : bytes.toString('latin1', begin, end);

/** As rows write it. Null: no address, or one of loopback, of which "localhost" says no more than the address does. */
function writtenOf(address: string): string | null {
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return null;
  // One of IPv4 has one way to be written, and what reads the other kind takes long.
  if (family === 4) return address.startsWith('127.') ? null : address;
  const read = ipaddr.process(address);
  return read.range() === 'loopback' ? null : read.toString();
}
