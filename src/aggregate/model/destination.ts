/**
 * Where a connection leads, as flows and failures count it: outbound the remote end, inbound the local one. In: the ends of
 * connections. Out: destinations and their texts, which are part of the keys of rows.
 */
import { addressText } from '../../decode/address.js';
import { DIRECTION } from '../../decode/layout.js';
import type { Ends } from './ends.js';

export interface Destination {
  /** 16 bytes as four words as they lie in memory, IPv4 as v4-mapped; all zero when not known. */
  readonly words: readonly [number, number, number, number];
  readonly address: string | null;
  /** -1: not known. */
  readonly port: number;
}

export const NO_DESTINATION: Destination = { words: [0, 0, 0, 0], address: null, port: -1 };

/** The local end as a destination. */
export function localDestination(ends: Ends): Destination {
  const words = [0, 1, 2, 3].map((i) => ends.localWord(i)) as [number, number, number, number];
  return { words, address: addressText(ends.localBytes), port: ends.localPort };
}

/** "10.0.0.9:80", "[::1]:80"; "*": not known. */
export function destinationText(destination: Destination): string {
  const { address, port } = destination;
  if (address === null) return '*';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function directionName(direction: number): 'out' | 'in' | null {
  if (direction === DIRECTION.OUT) return 'out';
  return direction === DIRECTION.IN ? 'in' : null;
}
