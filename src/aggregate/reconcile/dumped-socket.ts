/** A socket as a dump shows it. */
import type { Ends } from '../model/ends.js';
import { FIN_WAIT2_MINI, TIME_WAIT } from '../model/socket-state.js';

/** One socket of a dump. */
export interface DumpedSocket extends Ends {
  readonly state: number;
  /** 3: a TIME_WAIT or FIN_WAIT2 mini-socket. */
  readonly timer: number;
  readonly cookieLow: number;
  readonly cookieHigh: number;
  readonly expiresMs: number;
  /** 0: no descriptor holds it. */
  readonly inode?: number;
  /** A TIME_WAIT entry that differences to this dump leave out while it is unchanged. */
  readonly isKept?: boolean;
}

export const SYN_RECV = 3;
/** Caught by the dump while it changed; the next state is not known. */
export const CLOSE = 7;
export const BOUND_INACTIVE = 13;
const TIMER_TIME_WAIT = 3;

export const isWaiting = ({ timer }: DumpedSocket): boolean => timer === TIMER_TIME_WAIT;

/** The timer of a FIN_WAIT2 mini-socket is not its release: when the peer's FIN comes, the kernel arms a fresh one. */
export const entryState = ({ state }: DumpedSocket): number =>
  state === TIME_WAIT ? TIME_WAIT : FIN_WAIT2_MINI;
