/**
 * The link to the service as a person sees it: its phases, why it is lost, when the next attempt comes. Pure.
 */

export type Link =
  | { phase: 'connecting' }
  | { phase: 'open'; heard: number }
  | { phase: 'lost'; since: number; retryAt: number; reason: LostReason };

/** Why there is no link, as far as a page can find out; browsers hide the status of a failed handshake. */
export type LostReason = 'unreachable' | 'unauthorized' | 'refused' | 'stopped' | 'dropped';

/** Why a handshake failed, by the answer to a health request; null: there was no answer. */
export function reasonOf(response: { readonly status: number; readonly ok: boolean } | null): LostReason {
  if (response === null) return 'unreachable';
  if (response.status === 401) return 'unauthorized';
  if (response.status === 503) return 'stopped';
  return response.ok ? 'dropped' : 'refused';
}

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds to wait before reconnect number `attempt` (0 first). Doubles up to 15 s; the upper half is random, so that
 * the clients of a restarted service do not all return in the same instant. `random` is 0…1.
 */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}
