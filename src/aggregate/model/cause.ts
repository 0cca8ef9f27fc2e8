/**
 * Errnos by name, and why a call failed: the one definition. In: a failure's event. Out: a cause of the contract. Pure.
 * The event knows all that decides, EADDRNOTAVAIL included (docs/decisions/failure-causes.md): a cause never changes later.
 */
import { getSystemErrorMap } from 'node:util';
import type { TcpEvent } from '../../decode/batch.js';
import { END, EVENT, FAILURE_FLAG, FLAG } from '../../decode/layout.js';
import type { Cause } from '../../protocol/rows.js';

export type Call = 'connect' | 'bind';

/** What a cause is read from: an event, or the key of those that the ring had no room for. */
export type FailureFacts = Pick<TcpEvent, 'type' | 'err' | 'end' | 'flags' | 'localPort'>;

const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;

const CAUSE_OF: Record<string, Cause> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timed-out',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  ECONNRESET: 'reset',
  EPERM: 'not-permitted',
  EACCES: 'not-permitted',
  ENOMEM: 'no-memory',
  ENOBUFS: 'no-memory',
};

const ERRNO_NAMES = new Map([...getSystemErrorMap()].map(([number, [name]]) => [-number, name]));

/** "ECONNREFUSED"; null for 0, "E123" for a number without a name here. */
export function errnoName(errno: number): string | null {
  return errno === 0 ? null : (ERRNO_NAMES.get(errno) ?? `E${errno}`);
}

export function callOf(type: number): Call {
  return type === EVENT.BIND_FAILED ? 'bind' : 'connect';
}

export function causeOf(event: FailureFacts): Cause {
  if (event.type === EVENT.BIND_FAILED) return causeOfBind(event);
  if (event.err === EADDRNOTAVAIL) return causeOfNoAddress(event);
  return event.err === 0 && event.end === END.ABORTED ? 'aborted' : causeByErrno(event.err);
}

function causeByErrno(err: number): Cause {
  const name = errnoName(err);
  return (name === null ? undefined : CAUSE_OF[name]) ?? 'other';
}

/** Port 0 asks for any port (inet_csk_find_open_port), any other for that one. */
function causeOfBind({ err, localPort }: FailureFacts): Cause {
  if (err === EADDRNOTAVAIL) return 'foreign-address';
  if (err !== EADDRINUSE) return causeByErrno(err);
  return localPort === 0 ? 'bind-pool-exhausted' : 'port-in-use';
}

/**
 * First the kernel chooses a source address, then it searches the range for a port, unless bind() had chosen one. What is left
 * found none in the whole range.
 */
function causeOfNoAddress({ flags }: FailureFacts): Cause {
  if ((flags & FAILURE_FLAG.NO_SOURCE) !== 0) return 'no-source-address';
  if ((flags & FLAG.BOUND_BEFORE) !== 0) return 'tuple-in-use';
  return (flags & FAILURE_FLAG.OWN_RANGE) !== 0 ? 'other' : 'ports-exhausted';
}
