/**
 * Who answers at a flow's destination, as far as connections have shown it. In: what was found of one connection after another. Out: the
 * process at the other end, or null. Both ends in one namespace, or both alive at once, are certain. Where one end is only left as an entry,
 * another machine's server might be mistaken for a local one with the same addresses: there some in a row must agree. Where addresses are translated
 * between the ends, connections of other flows decide as well (tally.ts). What was found is
 * believed until somebody else listens there, its process has ended, or some time is over: then it is looked for again.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { oneServer } from './one-server.js';

/** Ended connections that must agree, with none between them that has no other end here. */
const IN_A_ROW = 3;
/** Ended connections without another end here, after which the destination is somebody else's. */
const MISSES = 8;
/** Workers of one server that are remembered, and connections that are followed at one time: several programs may listen on one port. */
const MOST_OWNERS = 8;
/** What was found holds for so long before it is looked for again. */
const FRESH_NS = 30e9;
/** After so long without another end here, although connections were made, the server is not here any more. */
const LOST_NS = 120e9;

/** One connection whose two ends are here. */
/** What is known of all translated connections to a place (tally.ts). */
export interface Agreement {
  /** Whether enough of them led to the server that listens at this port in this namespace. */
  leadsTo(namespace: Namespace | null, port: number): boolean;
}

export interface Sighting {
  /** Of the server. */
  readonly namespace: Namespace;
  readonly port: number;
  readonly owner: Owner;
  /** No other end is possible. */
  readonly certain: boolean;
  /** The server is not at the client's destination, since addresses are translated: what is known of all connections to it. */
  readonly tally: Agreement | null;
  /** What the client's flow had opened by then. */
  readonly opened: number;
  readonly nowNs: number;
}

export class Evidence {
  private namespace: Namespace | null = null;
  private owners: readonly Owner[] = [];
  private tally: Agreement | null = null;
  private agreeing = 0;
  private misses = 0;
  /** Who listened there then, as far as it was seen. */
  private listener: Owner | null = null;
  private port = 0;
  private opened = 0;
  /** When it was found last, CLOCK_MONOTONIC ns, and how often at that time. */
  private foundAt = 0;
  private times = 0;
  /** What `process` was made of last, and what it was. */
  private infos: readonly ProcessInfo[] = [];
  private common: ProcessInfo | null = null;
  private shown: ProcessInfo | null = null;

  found({ namespace, port, owner, certain, tally, opened, nowNs }: Sighting): void {
    if (this.namespace !== namespace || this.port !== port || this.tally !== tally) this.forget();
    this.namespace = namespace;
    this.port = port;
    this.tally = tally;
    this.agreeing = certain ? IN_A_ROW : Math.min(IN_A_ROW, this.agreeing + 1);
    this.misses = 0;
    this.times = this.foundAt === nowNs ? this.times + 1 : 1;
    this.foundAt = nowNs;
    this.opened = opened;
    this.keep(owner);
  }

  /** One of the translated connections that were found is open. */
  again(opened: number, nowNs: number): void {
    if (this.tally === null) return;
    this.opened = opened;
    this.foundAt = nowNs;
  }

  /** Whoever accepted before another one listened there does so no more. */
  private keep(owner: Owner): void {
    const { listenerNow } = this;
    const others = this.owners.filter((one) => one !== owner && !one.hasEnded);
    const stay = this.listener === listenerNow ? others : [];
    this.listener = listenerNow;
    if (this.owners.includes(owner) && stay.length === this.owners.length - 1) return;
    this.owners = [...stay.slice(1 - MOST_OWNERS), owner];
  }

  private get listenerNow(): Owner | null {
    return this.namespace?.listeners.get(this.port) ?? null;
  }

  /** It need not be looked for. */
  isFresh(nowNs: number): boolean {
    if (!this.isKnown || this.listenerNow !== this.listener) return false;
    if (this.owners.every(({ hasEnded }) => hasEnded)) return false;
    return this.foundAt === nowNs ? this.times >= MOST_OWNERS : nowNs - this.foundAt < FRESH_NS;
  }

  /** @param opened by the flow, so far */
  age(opened: number, nowNs: number): void {
    if (nowNs - this.foundAt > LOST_NS && opened - this.opened >= MISSES) this.forget();
  }

  /** Its server would be in the tables if it were here, with the addresses that the client knows. */
  missed(): void {
    if (this.tally !== null) return;
    this.misses += 1;
    if (this.agreeing < IN_A_ROW || this.misses >= MISSES) this.forget();
  }

  /** Of a flow that was rolled up into this one's. */
  absorb(other: Evidence): void {
    if (other.namespace === null) return;
    if (this.namespace !== null && !this.agreesWith(other)) {
      this.forget();
      return;
    }
    this.tally = other.tally;
    this.agreeing = Math.min(IN_A_ROW, this.agreeing + other.agreeing);
    this.namespace = other.namespace;
    this.port = other.port;
    this.opened += other.opened;
    this.foundAt = Math.max(this.foundAt, other.foundAt);
    this.owners = [...new Set([...this.owners, ...other.owners])].slice(-MOST_OWNERS);
  }

  private agreesWith({ namespace, port, tally }: Evidence): boolean {
    return this.namespace === namespace && this.port === port && this.tally === tally;
  }

  get isKnown(): boolean {
    const { tally, namespace, port } = this;
    return tally === null ? this.agreeing >= IN_A_ROW : tally.leadsTo(namespace, port);
  }

  /** By connections that have the addresses that the client knows: nothing is translated. */
  get isExact(): boolean {
    return this.namespace !== null && this.tally === null;
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
    this.tally = null;
  }
}
