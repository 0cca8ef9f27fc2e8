/**
 * What a port map says of each port, and how it is packed: the one definition, without the schema library, for who writes it and who
 * reads it. In: bytes. Out: one cell.
 */

/**
 * What a local port is to a connect() toward the budget's destination; the byte is the place in this list. `other`: a connection that
 * opens or closes. `reusable`: a TIME_WAIT entry that a connect() may take over now. `fin-wait-2`: waits for the peer's FIN, and no
 * timer says when its port comes back. `blocked`: bind() has it, for another destination or for none. `reserved`: by
 * ip_local_reserved_ports.
 */
export const PORT_STATES = [
  'free',
  'established',
  'other',
  'time-wait',
  'reusable',
  'fin-wait-2',
  'blocked',
  'reserved',
] as const;
export type PortState = (typeof PORT_STATES)[number];

/** The byte of a state. */
export const PORT_STATE = Object.fromEntries(PORT_STATES.map((name, byte) => [name, byte])) as Record<
  PortState,
  number
>;

/** Byte 0: index of the owner, byte 1: state, bytes 2 and 3: seconds left, little-endian. */
export const CELL_BYTES = 4;
/** Owners beyond this many, those with the fewest ports, share this index. */
export const OTHER_OWNERS = 254;
/** Nobody has the port, or it is not known who. */
export const NO_OWNER = 255;

export interface PortCell {
  /** Index of the owner; null: none, or not known. */
  readonly owner: number | null;
  readonly state: PortState;
  /** Until the TIME_WAIT entry ends; 0 in every other state. */
  readonly seconds: number;
}

/** @param index of the port, counted from the map's first */
export function cellAt(cells: Uint8Array, index: number): PortCell {
  const at = index * CELL_BYTES;
  const owner = cells[at] ?? NO_OWNER;
  return {
    owner: owner === NO_OWNER ? null : owner,
    state: PORT_STATES[cells[at + 1] ?? 0] ?? 'other',
    seconds: (cells[at + 2] ?? 0) | ((cells[at + 3] ?? 0) << 8),
  };
}
