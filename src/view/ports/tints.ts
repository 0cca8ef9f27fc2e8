/**
 * Which owner of ports has which colour: the largest ones have one each, and keep it while they are among the larger ones, so that no
 * colour changes its meaning every second. In: owners, those with the most ports first; colours that programs have in another picture. Out: a
 * tint for each. Pure but for what it remembers.
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

  /**
   * By index of the owner, as a byte of a cell has it.
   * @param programs tints that programs have elsewhere: one process of each has it here, the largest of them, until another has twice as many
   * @param held ports by index of the owner
   */
  of(
    owners: readonly PortOwner[],
    programs: ReadonlyMap<string, number> = NONE,
    held: Uint32Array = NO_PORTS,
  ): Uint8Array {
    const keys = owners.slice(0, OTHER_OWNERS).map(keyOf);
    this.#give(keys, this.#first(owners, keys, programs, held), new Set(programs.values()));
    const tints = new Uint8Array(256).fill(OTHERS);
    tints[NO_OWNER] = UNKNOWN_TINT;
    for (const [index, key] of keys.entries()) tints[index] = this.#given.get(key) ?? OTHERS;
    return tints;
  }

  /** The process that stands for each program which has a colour elsewhere. */
  #first(
    owners: readonly PortOwner[],
    keys: readonly string[],
    programs: ReadonlyMap<string, number>,
    held: Uint32Array,
  ) {
    const first = new Map<string, number>();
    for (const [program, tint] of programs) {
      const own = [...keys.slice(0, KEPT_RANKS).keys()].filter((at) => owners[at]?.program === program);
      const [largest] = own;
      if (largest === undefined) continue;
      const has = own.find((at) => this.#given.get(keys[at] as string) === tint) ?? largest;
      const stays = 2 * (held[has] ?? 0) >= (held[largest] ?? 0);
      first.set(keys[stays ? has : largest] as string, tint);
    }
    return first;
  }

  /** @param given the first to have a tint; @param reserved tints that mean somebody, who need not be here */
  #give(keys: readonly string[], given: Map<string, number>, reserved: ReadonlySet<number>): void {
    const rest = keys.filter((key) => !given.has(key));
    const room = OWN_TINTS - given.size;
    const tintOf = (key: string) => this.#given.get(key);
    const keeps = (key: string) => this.#given.has(key) && !reserved.has(tintOf(key) as number);
    const kept = rest.slice(0, KEPT_RANKS).filter(keeps);
    const wanting = rest.slice(0, room).filter((key) => !keeps(key));
    /* The smallest ones make room. */
    kept.splice(room - wanting.length);
    for (const key of kept) given.set(key, tintOf(key) as number);
    const taken = new Set(given.values());
    const free = TINTS.filter((tint) => !taken.has(tint));
    const best = [
      ...free.filter((tint) => !reserved.has(tint)),
      ...free.filter((tint) => reserved.has(tint)),
    ];
    for (const key of wanting) given.set(key, best.shift() as number);
    this.#given = given;
  }
}

const NONE: ReadonlyMap<string, number> = new Map();
const NO_PORTS = new Uint32Array(0);
const TINTS: readonly number[] = Array.from({ length: OWN_TINTS }, (_, tint) => tint);

const keyOf = ({ process: { pid, startTime, name }, program }: PortOwner) =>
  JSON.stringify(pid === null ? [program, name] : [pid, startTime]);
