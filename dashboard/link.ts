/**
 * The link to the service as the page sees it: its phases, why it is lost, when to knock again. Pure; used by feed, which
 * drives it, and by words, which say it.
 */

export type Link =
  | { phase: 'connecting' }
  | { phase: 'open'; heard: number }
  | { phase: 'lost'; since: number; retryAt: number; reason: LostReason };

/** Why there is no link, as far as a page can tell; browsers hide the handshake's status. */
export type LostReason = 'unreachable' | 'unauthorized' | 'refused' | 'stopped' | 'dropped';

/** What the answer to a health request tells about a handshake that failed; null: no answer at all. */
export function reasonOf(response: Pick<Response, 'status' | 'ok'> | null): LostReason {
  if (response === null) return 'unreachable';
  if (response.status === 401) return 'unauthorized';
  if (response.status === 503) return 'stopped';
  return response.ok ? 'dropped' : 'refused';
}

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds to wait before reconnect number `attempt` (0 first). Doubles up to 15 s; the upper half is random, so that
 * every page of a restarted service does not return in the same instant. `random` is 0…1.
 */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling * (0.5 + random / 2));
}
