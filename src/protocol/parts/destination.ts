/**
 * What a destination is called: who listens there, else its name; and what its port is registered for. The one definition for sentences, tables
 * and the page. In: a destination. Out: words, or null. They are text of others: whoever shows them escapes them. Pure.
 */
import { endpoint } from '../format.js';
import { NOWHERE } from '../names.js';
import type { Place, ProcessInfo } from '../rows.js';

/** `postgres in pod shop/db-0`, `db.internal`. */
export function otherEnd({ name, peer }: Place): string | null {
  return peer ? placed(peer.process) : (name ?? null);
}

function placed({ name, pod, container }: ProcessInfo): string | null {
  if (name === null || (pod === null && container === null)) return name;
  return pod === null ? `${name} in ${container}` : `${name} in pod ${pod}`;
}

/** The machine without the port: who listens there is not said of it. */
export const hostOf = ({ address, name = null }: Place): Place => ({ ...NOWHERE, address, name });

/** Characters of it in a sentence: a process is called what it likes. */
const LONGEST = 64;

/** ` (postgres in pod shop/db-0)`: what a sentence has behind an address; empty where nothing is known. */
export function inSentence(destination: Place): string {
  const other = otherEnd(destination);
  if (other === null) return '';
  const characters = [...other];
  const short = characters.length > LONGEST ? `${characters.slice(0, LONGEST - 1).join('')}…` : other;
  return ` (${short})`;
}

/** `10.0.0.9:5432 (postgres in pod shop/db-0)`; null: nothing of it is known. */
export function endpointInSentence(destination: Place): string | null {
  const at = endpoint(destination);
  return at === null ? null : at + inSentence(destination);
}

/** A sentence in three parts, the second of which may be left out: what stands behind its first address. */
export function parted(text: string, destinations: Iterable<Place>): readonly [string, string, string] {
  for (const destination of destinations) {
    const name = inSentence(destination);
    const at = name === '' ? -1 : text.indexOf(endpoint(destination) + name);
    const from = at + (endpoint(destination) ?? '').length;
    if (at >= 0) return [text.slice(0, from), name, text.slice(from + name.length)];
  }
  return [text, '', ''];
}

/** The same sentence with the addresses alone, for where it has no room. */
export function withoutNames(text: string, destinations: Iterable<Place>): string {
  let short = text;
  for (const destination of destinations) {
    const known = endpointInSentence(destination);
    if (known !== null) short = short.replaceAll(known, endpoint(destination) as string);
  }
  return short;
}

/**
 * What stands behind an address in a table, smaller than it, the longest first: `postgresql → postgres in pod shop/db-0`,
 * `→ postgres in pod shop/db-0`; or `postgresql` alone.
 */
export function besideAddress(destination: Place, arrow = '→'): readonly string[] {
  const service = destination.service ?? null;
  const other = otherEnd(destination);
  if (other === null) return service === null ? [] : [service];
  const toward = `${arrow} ${other}`;
  return service === null ? [toward] : [`${service} ${toward}`, toward];
}

/** Of these the longest that has room, the shortest cut where a blank and a few letters of it have. In columns of a terminal. */
export function besideIn(
  texts: readonly string[],
  room: number,
  cut: (text: string, width: number) => string,
  widthOf: (text: string) => number,
): string {
  const [shortest = ''] = texts.slice(-1);
  const whole = texts.find((text) => widthOf(text) < room);
  if (whole !== undefined) return ` ${whole}`;
  return shortest === '' || room < LEAST ? '' : ` ${cut(shortest, room - 1)}`;
}

/** A blank and a few letters. */
const LEAST = 8;
