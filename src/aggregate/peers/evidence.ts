/**
 * Who answers at a flow's destination, as far as connections have shown it. In: what was found of one connection after another. Out: the
 * process at the other end, or null. Both ends in one namespace, or both alive at once, are certain. Where one end is only left as an entry,
 * another machine's server might be mistaken for a local one with the same addresses: there some in a row must agree, and so they must where
 * addresses are translated between the two ends. What was found is
 * believed until somebody else listens there, its process has ended, or some time is over: then it is looked for again.
 */
import type { ProcessInfo } from '../../protocol/rows.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import { oneServer } from './one-server.js';

/** Ended or translated connections that must agree, with none between them that has no other end here. */
const IN_A_ROW = 3;
/** Translated ones, where those before them have led to several servers: by chance, a flow agrees less often than once in 2^96 connections. */
const MOST_IN_A_ROW = 96;
/** Ended connections without another end here, after which the destination is somebody else's. */
const MISSES = 8;
/** Workers of one server that are remembered, and connections that are followed at one time: several programs may listen on one port. */
const MOST_OWNERS = 8;
/** What was found holds for so long before it is looked for again. */
const FRESH_NS = 30e9;
/** After so long without another end here, although connections were made, the server is not here any more. */
const LOST_NS = 120e9;

/** One connection whose two ends are here. */
export interface Sighting {
  /** Of the server. */
  readonly namespace: Namespace;
  readonly port: number;
  readonly owner: Owner;
  /** No other end is possible. */
  readonly certain: boolean;
  /** The server is not at the client's destination: addresses are translated. */
  readonly translated: boolean;
  /** What the client's flow had opened by then. */
  readonly opened: number;
  readonly nowNs: number;
}

export class Evidence {
  private namespace: Namespace | null = null;
  private owners: readonly Owner[] = [];
  private agreeing = 0;
  private required = IN_A_ROW;
  private translated = false;
  /** Whom the translated connections had found that another one contradicted last. */
  private former: readonly Owner[] = [];
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

  found(sighting: Sighting): void {
    const { namespace, port, owner, certain, opened, nowNs } = sighting;
    this.leaveOthers(sighting);
    this.namespace = namespace;
    this.port = port;
    this.agreeing = certain ? this.required : Math.min(this.required, this.agreeing + 1);
    this.misses = 0;
    this.times = this.foundAt === nowNs ? this.times + 1 : 1;
    this.foundAt = nowNs;
    this.opened = opened;
    this.keep(owner);
  }

  private leaveOthers({ namespace, port, translated }: Sighting): void {
    const isSame =
      this.namespace === namespace && this.translated === translated && (!translated || this.port === port);
    if (!isSame) this.contradicted();
    if (!translated || this.former.every(({ hasEnded }) => hasEnded)) this.required = IN_A_ROW;
    this.translated = translated;
  }

  /**
   * A connection of the flow leads elsewhere. Where a service has several servers, a few connections agree by chance: of translated ones twice as
   * many must from now on, unless those that were found have ended.
   */
  contradicted(): void {
    if (this.translated && this.owners.some(({ hasEnded }) => !hasEnded)) {
      this.former = this.owners;
      this.required = Math.min(MOST_IN_A_ROW, this.required * 2);
    }
    this.forget();
  }

  /** One of the translated connections that were found is open. */
  again(opened: number, nowNs: number): void {
    if (!this.translated) return;
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

  /** Its server would be in the tables if it were here and had the addresses that the client knows. */
  missed(): void {
    if (this.translated) return;
    this.misses += 1;
    if (!this.isKnown || this.misses >= MISSES) this.forget();
  }

  /** Of a flow that was rolled up into this one's. */
  absorb(other: Evidence): void {
    if (other.namespace === null) return;
    if (this.namespace !== null && !this.agreesWith(other)) {
      this.contradicted();
      return;
    }
    this.translated = other.translated;
    this.required = Math.max(this.required, other.required);
    this.former = other.required > IN_A_ROW ? other.former : this.former;
    this.agreeing = Math.min(this.required, this.agreeing + other.agreeing);
    this.namespace = other.namespace;
    this.port = other.port;
    this.opened += other.opened;
    this.foundAt = Math.max(this.foundAt, other.foundAt);
    this.owners = [...new Set([...this.owners, ...other.owners])].slice(-MOST_OWNERS);
  }

  private agreesWith({ namespace, translated, port }: Evidence): boolean {
    if (this.namespace !== namespace || this.translated !== translated) return false;
    return !translated || this.port === port;
  }

  get isKnown(): boolean {
    return this.agreeing >= this.required;
  }

  /** By connections that have the addresses that the client knows: then nothing is translated. */
  get isExact(): boolean {
    return this.namespace !== null && !this.translated;
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
    this.translated = false;
  }
}
