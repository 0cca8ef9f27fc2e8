/**
 * How long a TIME_WAIT entry keeps its port from a plain connect() to the same destination: all of its 60 s, or only
 * until `tcp_twsk_unique` (net/ipv4/tcp_ipv4.c) lets a new connection take it over. In: sysctls and the two addresses
 * of a budget. Out: a rule, and from a kernel timer the time until the port can be had. Pure.
 */

/** TCP_TIMEWAIT_LEN, a constant of the kernel. */
export const TIME_WAIT_MS = 60_000;
/** Before Linux 6.14 there is no tcp_tw_reuse_delay: the age is compared in whole seconds. */
const DEFAULT_DELAY_MS = 1000;

export interface ReuseRule {
  /** As in the contract; null: the settings are not known. */
  reuse: 'never' | 'after-delay' | null;
  /** How long a TIME_WAIT entry holds its port, from its beginning; the whole length when nothing is known. */
  holdMs: number;
}

/** The settings of one namespace that decide about reuse. Null: not known. */
export interface ReuseFacts {
  readonly tcpTwReuse: number | null;
  readonly tcpTwReuseDelayMs: number | null;
  readonly tcpTimestamps: number | null;
}

/** Also of a port that bind() has chosen, whatever is set. */
export const NEVER: ReuseRule = { reuse: 'never', holdMs: TIME_WAIT_MS };
const UNKNOWN: ReuseRule = { reuse: null, holdMs: TIME_WAIT_MS };

/** Share of the ports from which their budget lives by bind() before connect(). */
const MOST = 0.5;

/** Whether bind() chose most of what a budget holds. Null: not known. */
export function choosesByBind({ bound, used }: { bound: number | null; used: number | null }): boolean {
  return bound !== null && used !== null && bound > 0 && bound >= MOST * used;
}

/**
 * tcp_tw_reuse 0: never. 1: any pair. 2, the default: pairs with a loopback address; traffic to the machine's own other
 * addresses runs over lo too and is not meant. Never without timestamps: an entry remembers none then.
 * @param source and destination as decode/address.ts prints them; null: not known, so not loopback
 */
export function reuseRule(facts: ReuseFacts, source: string | null, destination: string | null): ReuseRule {
  const { tcpTwReuse, tcpTimestamps, tcpTwReuseDelayMs } = facts;
  if (tcpTwReuse === 0 || tcpTimestamps === 0) return NEVER;
  if (tcpTwReuse === 2 && !countsAsLoopback(source) && !countsAsLoopback(destination)) return NEVER;
  if (tcpTwReuse === null || tcpTimestamps === null) return UNKNOWN;
  return { reuse: 'after-delay', holdMs: Math.min(TIME_WAIT_MS, tcpTwReuseDelayMs ?? DEFAULT_DELAY_MS) };
}

/**
 * When an entry's port can be had again, ms from now; 0 or less: it can already, the entry holds nothing.
 * An entry in substate FIN_WAIT2 is never taken over, and its timer is not its release: when the peer's FIN comes it turns
 * into a TIME_WAIT of full length.
 * @param leftMs what the kernel's timer has left, as sock_diag reports it
 */
export function releaseInMs(leftMs: number, substate: 'time-wait' | 'fin-wait-2', rule: ReuseRule): number {
  return substate === 'fin-wait-2' ? leftMs : leftMs - (TIME_WAIT_MS - rule.holdMs);
}

/** As tcp_twsk_unique asks: 127/8, ::1 or ::ffff:127/104, in the form of RFC 5952. A name is never one. */
export function countsAsLoopback(address: string | null): boolean {
  return address !== null && /^(127\.|::1$|::ffff:127\.|::ffff:7f[0-9a-f]{2}:)/i.test(address);
}
