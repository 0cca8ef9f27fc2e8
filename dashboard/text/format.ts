/**
 * Values as text nodes: the one formatter (src/protocol/format) with an en dash for unknown, and text of other processes
 * made safe to read. In: row fields. Out: strings.
 */

import * as format from '../../src/protocol/format.js';
import { endpointInSentence } from '../../src/protocol/parts/destination.js';
import type { Endpoint, Place } from '../../src/protocol/rows.js';

export { counted, UNKNOWN } from '../../src/protocol/format.js';

const dashed = (write: (value: format.Maybe) => string | null) => (value: format.Maybe) =>
  write(value) ?? format.UNKNOWN;

export const integer = dashed(format.integer);
/** A count that may be too low has a sign in front. */
export const countOf = (value: number | null, lowerBound: boolean): string =>
  lowerBound && value !== null ? `≥ ${integer(value)}` : integer(value);
export const rate = dashed(format.rate);
export const percent = dashed(format.percent);
export const seconds = dashed(format.seconds);
export const duration = dashed(format.duration);
export const bytes = dashed(format.bytes);
export const clock = dashed(format.clock);
/** For what is read and copied at leisure, not in a table that moves. */
export const stamp = dashed(format.stamp);

/** Text another process wrote, with every deceptive character spelt out. Only ever goes into a text node or attribute. */
export function foreign(text: string | null | undefined): string {
  return text ? format.spelled(text, (character) => `\\u${format.hex(character)}`) : format.UNKNOWN;
}

/** `10.0.0.9:5432`, `[2001:db8::1]:443`; an unknown part is a dash, two unknown parts are one. */
export const endpoint = (at: Endpoint): string => foreign(format.endpoint(at));
/** The same in a sentence: `10.0.0.9:5432 (postgres)`. */
export const place = (at: Place): string => foreign(endpointInSentence(at));
