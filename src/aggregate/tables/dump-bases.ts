/**
 * What the tables and the dumper agree on, by namespace: the generation of the last dump that was taken in whole, and the
 * entries of it that the tables have no more as it showed them. In: ends of dumps, changed entries. Out: what to ask the next
 * dump for. The dumper leaves out what is unchanged in the kernel; so whoever changes an entry here asks for it again.
 */
import type { Namespace } from '../model/namespace.js';

/** Entries asked for again in one namespace; of more, the next dump is whole. */
const LIMIT = 100_000;
/**
 * A whole dump after this long, ns: no known error lasts longer than an entry does, a minute; this bounds those that are not
 * known.
 */
const WHOLE_NS = 300e9;
const NONE = new Uint32Array(0);

interface Agreed {
  /** 0: nothing is agreed. */
  generation: number;
  /** When the last whole dump began. */
  wholeNs: number;
  /** Pairs of low and high half. */
  asked: Uint32Array;
  /** Of those that were asked for, also beyond the limit. */
  count: number;
}

/** Fields of a target. */
export interface DumpRequest {
  base: number;
  again: Uint32Array;
}

export class DumpBases {
  private readonly agreed = new WeakMap<Namespace, Agreed>();

  /** For the next dump. Until it is agreed on there is no base: one that is never taken in whole leaves none. */
  take(namespace: Namespace, nowNs: number): DumpRequest {
    const agreed = this.of(namespace);
    const { generation, wholeNs, asked, count } = agreed;
    agreed.generation = 0;
    agreed.asked = NONE;
    agreed.count = 0;
    const isWhole = generation === 0 || count > LIMIT || nowNs - wholeNs > WHOLE_NS;
    return isWhole ? { base: 0, again: NONE } : { base: generation, again: asked.subarray(0, count * 2) };
  }

  /** The tables have all of this dump. @param whole when it began, if it was no difference; else null */
  agree(namespace: Namespace, generation: number, whole: number | null): void {
    const agreed = this.of(namespace);
    agreed.generation = generation;
    if (whole !== null) agreed.wholeNs = whole;
  }

  ask(namespace: Namespace, low: number, high: number): void {
    const agreed = this.of(namespace);
    agreed.count += 1;
    if (agreed.count > LIMIT) return;
    if (agreed.count * 2 > agreed.asked.length) agreed.asked = longer(agreed.asked);
    agreed.asked[agreed.count * 2 - 2] = low;
    agreed.asked[agreed.count * 2 - 1] = high;
  }

  drop(namespace: Namespace): void {
    this.agreed.delete(namespace);
  }

  private of(namespace: Namespace): Agreed {
    let agreed = this.agreed.get(namespace);
    if (agreed === undefined) {
      agreed = { generation: 0, wholeNs: 0, asked: NONE, count: 0 };
      this.agreed.set(namespace, agreed);
    }
    return agreed;
  }
}

function longer(halves: Uint32Array): Uint32Array {
  const grown = new Uint32Array(Math.max(64, halves.length * 2));
  grown.set(halves);
  return grown;
}
