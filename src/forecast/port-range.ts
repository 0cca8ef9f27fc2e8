/**
 * How many local ports a plain connect() can get. In: the sysctls of one network namespace. Out: counts and one
 * predicate. Pure.
 */

/** The settings of one namespace that say which ports connect() may choose. Null: not known. */
export interface RangeFacts {
  /** net.ipv4.ip_local_port_range, inclusive. */
  readonly portRange: readonly [number, number] | null;
  /** net.ipv4.ip_local_reserved_ports. */
  readonly reserved: { has(port: number): boolean };
  /** The size of the range without its reserved ports. */
  readonly usablePorts: number | null;
}

/** Ports of the range that are not reserved: what a budget calls its `limit`. Null: the range is not known. */
export function portLimit({ usablePorts }: RangeFacts): number | null {
  return usablePorts;
}

/**
 * Ports that are sure to be found. `__inet_hash_connect` walks the range by parity, in steps of two, and rounds its size
 * down to an even number: of an odd range each scan leaves out one end, the low one unless the scan begins there, then the
 * high one. So connect() may fail with one port still free, unless neither end could be had anyway, or there is only one.
 */
export function surePorts(facts: RangeFacts): number | null {
  const { portRange, usablePorts } = facts;
  if (portRange === null || usablePorts === null) return null;
  const [low, high] = portRange;
  const isOdd = (high - low + 1) % 2 === 1 && high > low;
  const losesOne = isOdd && (isUsable(facts, low) || isUsable(facts, high));
  return Math.max(0, losesOne ? usablePorts - 1 : usablePorts);
}

/**
 * The limit a forecast runs against: sure ports, less those that bind() took from every plain connect().
 * @param blocked ports in the range whose bind bucket was made by bind(), and that the budget does not count as used
 */
export function forecastLimit(facts: RangeFacts, blocked: number): number | null {
  const sure = surePorts(facts);
  return sure === null ? null : Math.max(0, sure - blocked);
}

/**
 * Contract: `free = max(0, limit − used − blocked)`, which holds while what is held lies in the range.
 * @param used of the ports that can be had now
 */
export function freePorts(limit: number, used: number, blocked: number): number {
  return Math.max(0, limit - used - blocked);
}

/** Whether `__inet_hash_connect` may choose this port: inside the range and not in ip_local_reserved_ports. */
export function isUsable(facts: RangeFacts | null, port: number): boolean {
  if (facts === null) return false;
  const { portRange, reserved } = facts;
  return portRange !== null && port >= portRange[0] && port <= portRange[1] && !reserved.has(port);
}
