/** States of sockets as the tables keep them: the kernel's numbers (include/net/tcp_states.h), and two of our own. */
import { STATE_NAMES } from '../../protocol/rows.js';

export const ESTABLISHED = 1;
export const SYN_SENT = 2;
export const FIN_WAIT1 = 4;
export const FIN_WAIT2 = 5;
export const TIME_WAIT = 6;
export const LISTEN = 10;
export const CLOSING = 11;
/** State of a FIN_WAIT2 mini-socket: it counts as TIME_WAIT, but its timer is not its release. */
export const FIN_WAIT2_MINI = 14;
/** Its timer has ended, but no audit has confirmed that: it counts for nothing, and is kept in case the kernel still has it. */
export const EXPIRED = 15;
/**
 * Another socket has its ends, so it has closed, but nothing has said so: it counts for nothing, and the next audit counts its
 * close.
 */
export const SUPERSEDED = 16;

export const SOCKET_FLAG = {
  /** bind() chose its port: the port is lost to every plain connect() of the namespace. */
  BOUND: 1 << 0,
  /** Its open has been counted. */
  OPEN_COUNTED: 1 << 1,
  /** Older than the tracer. */
  PREEXISTING: 1 << 2,
  /** Its owner is known. */
  ATTRIBUTED: 1 << 3,
  /** It is as a dump handed it over, and dumps leave it out as long as the kernel has it so. */
  KEPT: 1 << 4,
  /** Its other end was looked for where addresses are translated (peers/translated.ts). */
  SOUGHT: 1 << 5,
  /** It was found there. */
  MET: 1 << 6,
} as const;

/** Neither a free slot nor a socket that is no more. */
export function isThere(state: number): boolean {
  return state !== 0 && state !== EXPIRED && state !== SUPERSEDED;
}

export function isTimeWait(state: number): boolean {
  return state === TIME_WAIT || state === FIN_WAIT2_MINI;
}

/** Name of a kernel state number, 1 to 11. */
export function stateName(state: number): string | null {
  return STATE_NAMES[state - 1] ?? null;
}
