/** Which local ports of a namespace are spoken for; rows do not list them. In: the namespace table, a net cookie. Out: port numbers. */
import type { NamespaceTable } from '../tables/namespace-table.js';

export interface PortUse {
  /** net.ipv4.ip_local_reserved_ports: first and last of each run, ascending. */
  readonly reserved: readonly (readonly [number, number])[];
  /** Of TCP listeners. */
  readonly listening: readonly number[];
}

/** Null: the namespace or its settings are not known. */
export function portUse(namespaces: NamespaceTable, netnsId: string | null): PortUse | null {
  const namespace = netnsId === null ? null : namespaces.known(netnsId);
  const reserved = namespace?.sysctls?.reserved;
  if (!namespace || reserved === undefined) return null;
  return { reserved: reserved.ranges, listening: [...namespace.listeners.keys()] };
}
