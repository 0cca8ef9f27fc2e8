/**
 * Plain words for what the kernel says with a number. Enters: errno name, cause. Leaves: words. Called by event-line.ts.
 */
import type { Cause } from '../protocol/rows.js';

/** EADDRNOTAVAIL means two things; only the cause tells which. */
const BY_CAUSE: Partial<Record<Cause, string>> = {
  'ports-exhausted': 'no free local port for this destination',
  'bind-pool-exhausted': 'no free port left for bind()',
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

/** `ECONNREFUSED: nobody listens there`; null when neither is known. */
export function failureWords(errno: string | null, cause: Cause | null): string | null {
  const words = (cause && BY_CAUSE[cause]) ?? (errno && BY_ERRNO[errno]) ?? cause;
  return [errno, words].filter((part) => part !== null && part !== '').join(': ') || null;
}
