/**
 * Addresses in filters: exact, CIDR, `[v6]:port`, `v4:port`, `:port`, else text. In: a value. Out: a test of an endpoint.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Endpoint } from '../../protocol/rows.js';
import { endpointText } from '../group.js';
import { textTest } from './text.js';
import { badFilter, type Value } from './words.js';
import type { Work } from './work.js';

export type EndpointTest = (endpoint: Endpoint) => boolean;
type Address = ReturnType<typeof ipaddr.process>;

/** `[address]:port`, `address:port` (v4), `:port`, or an address alone; the address may carry a /prefix. */
const SHAPE = /^(?:\[([^\]]*)\]|([^:]*)|(.*?))(?::(\d+))?$/s;

/** Null when the value is text and no address. Throws BAD_FILTER for an impossible address. */
export function addressTest(value: Value): EndpointTest | null {
  if (value.kind !== 'plain') return null;
  const { host, port } = split(value.text);
  const hostTest = host === '' ? () => true : cidrTest(host, value.column);
  if (!hostTest || (host === '' && port === null)) return null;
  if (port !== null && port > 65_535) throw badFilter(`${port} is no port`, value.column);
  return (endpoint) => hostTest(endpoint.address) && (port === null || endpoint.port === port);
}

/** Compares as an address when the value is one, else with the text `address:port`. */
export function endpointTest(value: Value, work: Work): EndpointTest {
  const byAddress = addressTest(value);
  if (byAddress) return byAddress;
  const test = textTest(value, work);
  return (endpoint) => {
    const text = endpointText(endpoint);
    return text !== null && test(text);
  };
}

function split(text: string): { host: string; port: number | null } {
  if (isIP(text.replace(/\/\d+$/, '')) === 6) return { host: text, port: null };
  const match = SHAPE.exec(text);
  const port = match?.[4] === undefined ? null : Number(match[4]);
  return { host: match?.[1] ?? match?.[2] ?? match?.[3] ?? '', port };
}

function cidrTest(text: string, column: number): ((address: string | null) => boolean) | null {
  const [host = '', prefix] = text.split('/');
  if (isIP(host) === 0) return null;
  const base = ipaddr.process(host);
  if (prefix === undefined) {
    const exact = base.toString();
    return (address) => address !== null && parsed(address)?.toString() === exact;
  }
  const bits = Number(prefix);
  const width = base.kind() === 'ipv4' ? 32 : 128;
  if (!/^\d+$/.test(prefix) || bits > width) {
    throw badFilter(`/${prefix} is no prefix: 0 to ${width}`, column + host.length);
  }
  return (address) => inRange(parsed(address), base, bits);
}

function inRange(address: Address | null, base: Address, bits: number): boolean {
  return address !== null && address.kind() === base.kind() && address.match([base, bits]);
}

/** Rows repeat few addresses, and parsing one costs a microsecond. Emptied when full, which bounds its size. */
const cache = new Map<string, Address | null>();
const MAX_CACHED = 4096;

function parsed(text: string | null): Address | null {
  if (text === null) return null;
  const known = cache.get(text);
  if (known !== undefined) return known;
  if (cache.size >= MAX_CACHED) cache.clear();
  const address = isIP(text) === 0 ? null : ipaddr.process(text);
  cache.set(text, address);
  return address;
}
