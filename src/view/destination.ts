/**
 * What stands beside a destination's address: who listens there, else what it is called; and what its port is registered for. In: a destination.
 * Out: words, or null. They are text of others: whoever shows them escapes them.
 */
import type { Destination, Endpoint, ProcessInfo } from '../protocol/rows.js';

/** Of an endpoint without these parts, nothing. */
type Named = Endpoint & Partial<Pick<Destination, 'name' | 'peer'>>;

/** "postgres in pod shop/db-0", "db.internal". */
export function otherEnd({ name, peer }: Named): string | null {
  return peer ? placed(peer.process) : (name ?? null);
}

function placed({ name, pod, container }: ProcessInfo): string | null {
  if (name === null || (pod === null && container === null)) return name;
  return pod === null ? `${name} in ${container}` : `${name} in pod ${pod}`;
}

/** The address with what stands beside it, as far as there is room for a part of that. */
export function withOtherEnd(at: string, destination: Named, width = Number.POSITIVE_INFINITY): string {
  const other = otherEnd(destination);
  return other === null || width < at.length + LEAST ? at : `${at} ${other}`;
}

/** A blank and a few letters. */
const LEAST = 6;
