/**
 * Numbers and names as findings and the verdict write them. Names of other processes are written as they are: whoever
 * prints escapes. In: values. Out: text.
 */

import * as format from '../protocol/format.js';
import { endpointInSentence } from '../protocol/parts/destination.js';
import type { Place, ProcessInfo } from '../protocol/rows.js';

export { clock, counted, percent, rate, seconds, tenths } from '../protocol/format.js';

/** `26,811`; `–` for unknown. */
export const integer = (value: number | null): string => format.integer(value) ?? format.UNKNOWN;

/** `10.0.0.9:5432`, `[2001:db8::1]:443 (postgres in pod shop/db-0)`, `many destinations`. */
export function where(destination: Place): string {
  return destination.address === null
    ? 'many destinations'
    : (endpointInSentence(destination) ?? format.UNKNOWN);
}

/** `blue`, `namespace 4026532999`: beside what is the same in another one. */
export const namespaceOf = ({ name, netns }: { name: string | null; netns: number | null }): string =>
  name ?? `namespace ${netns}`;

/** `orders.py (pid 4242)`, or the program of many processes: `curl (loop.sh)`. */
export function who(process: ProcessInfo, program: string | null): string {
  if (process.pid === null) return program ?? process.name ?? 'an unknown process';
  return `${process.name ?? 'process'} (pid ${process.pid})`;
}

/** As the verdict names it: the unit that an operator knows, else the process. */
export function whoOperates(process: ProcessInfo, program: string | null): string {
  return process.unit?.endsWith('.service') ? process.unit : who(process, program);
}
