/**
 * How many connections per second a budget is asked for, and how many it can stand for good. In: numbers of a budget. Out: two
 * rates. Pure. A budget that is out of ports opens few connections: what is asked of it says more.
 */

export interface Standing {
  /** Ports that there are, and those that bind() has taken. */
  limit: number;
  blocked: number;
  /** Connections that hold a port now. */
  live: number;
  openPerSec: number;
  /** From open to close; null: not known, then next to nothing. */
  lifetimeSeconds: number | null;
  /** Of closes, those that leave a TIME_WAIT entry here: 0 to 1. */
  waitShare: number;
  /** How long such an entry holds its port. */
  waitSeconds: number;
}

/** Connections that stay: what lives beyond those that come and go at this rate. */
export function standing({
  live,
  openPerSec,
  lifetimeSeconds,
}: Pick<Standing, 'live' | 'openPerSec' | 'lifetimeSeconds'>): number {
  return Math.max(0, live - openPerSec * (lifetimeSeconds ?? 0));
}

/**
 * Each connection holds a port for its life and for what waits after it: 2,000 ports stand 33 per second of those that hold
 * theirs for a minute. Null: nothing waits, so that nothing limits the rate.
 */
export function sustainablePerSecond(budget: Standing): number | null {
  const { limit, blocked, lifetimeSeconds, waitShare, waitSeconds } = budget;
  if (waitShare === 0) return null;
  const ports = Math.max(0, limit - blocked - standing(budget));
  return ports / ((lifetimeSeconds ?? 0) + waitShare * waitSeconds);
}
