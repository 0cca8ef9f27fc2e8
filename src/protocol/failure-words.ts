/**
 * Plain words for why a call failed, the same in findings and on every screen. In: errno name, cause. Out: words.
 * No schema library here: the page imports these values.
 */
import type { Cause, FailureRow } from './rows.js';

/** Causes that say more than the errno: EADDRNOTAVAIL and EADDRINUSE each mean several things. */
const BY_CAUSE: Partial<Record<Cause, string>> = {
  'ports-exhausted': 'no free local port for this destination',
  'bind-pool-exhausted': 'no free port left to bind()',
  'tuple-in-use': 'this very connection exists already',
  'not-permitted': 'a firewall or policy forbids it',
  'no-memory': 'out of kernel memory',
  aborted: 'the program gave up first',
};

const BY_ERRNO: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'local address not available',
  EADDRINUSE: 'bind() asked for a port in use',
  ECONNREFUSED: 'nobody listens there',
  ETIMEDOUT: 'no answer',
  EHOSTUNREACH: 'no route',
  ENETUNREACH: 'no route',
  ECONNRESET: 'peer reset',
  EMFILE: 'out of file descriptors, not ports',
};

/** `nobody listens there`; the cause's own name where there are no words for either, null when neither is known. */
export function failureWords(errno: string | null, cause: Cause | null): string | null {
  return (cause && BY_CAUSE[cause]) ?? (errno && BY_ERRNO[errno]) ?? cause;
}

/** Of a row: what a program gave up because nobody answered is another thing than what it cancelled. */
export function failureRowWords({ errno, cause, count, unanswered }: FailureRow): string {
  if (cause === 'aborted' && unanswered > 0 && 2 * unanswered >= count)
    return 'no answer, the program gave up';
  return failureWords(errno, cause) ?? cause;
}

/** `ECONNREFUSED: nobody listens there`; null when nothing is known. */
export function failureText(errno: string | null, cause: Cause | null): string | null {
  return [errno, failureWords(errno, cause)].filter((part) => part !== null).join(': ') || null;
}
