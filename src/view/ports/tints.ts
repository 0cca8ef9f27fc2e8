/**
 * Which owner of ports has which colour: the largest ones have one each, and keep it while they are among the larger ones, so that no
 * colour changes its meaning every second. In: owners, those with the most ports first. Out: a tint for each. Pure but for what it remembers.
 */
import { NO_OWNER, OTHER_OWNERS } from '../../protocol/ports/cells.js';
import type { PortOwner } from '../../protocol/ports/schema.js';

/** Colours of their own. */
export const OWN_TINTS = 8;
/** Of all others, and of ports whose owner is not known. */
export const OTHERS = OWN_TINTS;
export const UNKNOWN_TINT = OWN_TINTS + 1;
/** An owner keeps its colour as long as it is among so many. */
const KEPT_RANKS = 2 * OWN_TINTS;

export class Tints {
  #given = new Map<string, number>();

  /** By index of the owner, as a byte of a cell has it. */
  of(owners: readonly PortOwner[]): Uint8Array {
    const keys = owners.slice(0, OTHER_OWNERS).map(keyOf);
    this.#give(keys);
    const tints = new Uint8Array(256).fill(OTHERS);
    tints[NO_OWNER] = UNKNOWN_TINT;
    for (const [index, key] of keys.entries()) tints[index] = this.#given.get(key) ?? OTHERS;
    return tints;
  }

  #give(keys: readonly string[]): void {
    const kept = keys.slice(0, KEPT_RANKS).filter((key) => this.#given.has(key));
    const wanting = keys.slice(0, OWN_TINTS).filter((key) => !this.#given.has(key));
    /* The smallest ones make room. */
    kept.splice(OWN_TINTS - wanting.length);
    const given = new Map(kept.map((key) => [key, this.#given.get(key) as number]));
    const taken = new Set(given.values());
    const free = Array.from({ length: OWN_TINTS }, (_, tint) => tint).filter((tint) => !taken.has(tint));
    for (const key of wanting) given.set(key, free.shift() as number);
    this.#given = given;
  }
}

const keyOf = ({ process: { pid, startTime, name }, program }: PortOwner) =>
  JSON.stringify(pid === null ? [program, name] : [pid, startTime]);
