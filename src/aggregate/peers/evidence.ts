/**
 * Who answers at a flow's destination, as far as connections have shown it. In: what was found of one connection after another. Out: the
 * process at the other end, or null. Both ends in one namespace, or both alive at once, are certain. Where one end is only left as an entry,
 * another machine's server might be mistaken for a local one with the same addresses: there some in a row must agree.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { oneServer } from './one-server.js';

/** Ended connections that must agree, with none between them that has no other end here. */
const IN_A_ROW = 3;
/** Ended connections without another end here, after which the destination is somebody else's. */
const MISSES = 8;
/** Workers of one server that are remembered. */
const MOST_OWNERS = 8;

export class Evidence {
  private namespace: Namespace | null = null;
  private owners: readonly Owner[] = [];
  private agreeing = 0;
  private misses = 0;
  /** What `process` was made of last, and what it was. */
  private infos: readonly ProcessInfo[] = [];
  private common: ProcessInfo | null = null;
  private shown: ProcessInfo | null = null;
  /** When it was found last, CLOCK_MONOTONIC ns. */
  foundAt = 0;

  /** @param certain no other end is possible */
  found(namespace: Namespace, owner: Owner, certain: boolean, nowNs: number): void {
    if (this.namespace !== namespace) this.forget();
    this.namespace = namespace;
    this.agreeing = certain ? IN_A_ROW : Math.min(IN_A_ROW, this.agreeing + 1);
    this.misses = 0;
    this.foundAt = nowNs;
    if (this.owners.includes(owner)) return;
    const living = this.owners.filter((one) => !one.hasEnded);
    this.owners = [...living.slice(1 - MOST_OWNERS), owner];
  }

  /** Its server would be in the tables if it were here. */
  missed(): void {
    this.misses += 1;
    if (this.agreeing < IN_A_ROW || this.misses >= MISSES) this.forget();
  }

  /** Of a flow that was rolled up into this one's. */
  absorb(other: Evidence): void {
    if (other.namespace === null) return;
    if (this.namespace !== null && this.namespace !== other.namespace) {
      this.forget();
      return;
    }
    this.agreeing = Math.min(IN_A_ROW, this.agreeing + other.agreeing);
    this.namespace = other.namespace;
    this.foundAt = Math.max(this.foundAt, other.foundAt);
    this.owners = [...new Set([...this.owners, ...other.owners])].slice(-MOST_OWNERS);
  }

  get isKnown(): boolean {
    return this.agreeing >= IN_A_ROW;
  }

  /** The process there; of several, what they have in common. Null: not known, or they are of different programs. */
  get process(): ProcessInfo | null {
    const infos = this.isKnown ? this.owners.map((owner) => owner.accountable.info()) : [];
    const isSame = infos.length === this.infos.length && infos.every((one, at) => one === this.infos[at]);
    if (isSame) return this.common;
    this.infos = infos;
    this.common = oneServer([...new Set(infos)]);
    return this.common;
  }

  /** Whether it says something else than when this was last asked. */
  hasChanged(): boolean {
    const { process, shown } = this;
    this.shown = process;
    return process !== shown;
  }

  private forget(): void {
    this.namespace = null;
    this.owners = [];
    this.agreeing = 0;
    this.misses = 0;
  }
}
