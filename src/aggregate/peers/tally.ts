/**
 * Where the translated connections lead that go from one namespace to one destination. In: verdicts on connections of any of its flows. Out: whether
 * enough of them in a row have led to one server. Where a service has several servers a few agree by chance, so that each contradiction asks for more.
 */
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { Agreement } from './evidence.js';
import { keyOf, type Place } from './places.js';

const IN_A_ROW = 3;
/** By chance, two servers agree less often than once in 2^96 connections. */
const MOST_IN_A_ROW = 96;
/** Processes of one server that are remembered. */
const MOST_OWNERS = 8;
/** Places. Beyond it the oldest is counted anew. */
const MOST = 4096;

export class Tally implements Agreement {
  private namespace: Namespace | null = null;
  private port = 0;
  private owners: readonly Owner[] = [];
  private agreeing = 0;
  private required = IN_A_ROW;
  /** Who had been found when a connection led elsewhere last. */
  private former: readonly Owner[] = [];

  agree({ namespace, destination, owner }: Flow): void {
    if (!this.isOf(namespace, destination.port)) this.contradicted();
    if (this.former.every(({ hasEnded }) => hasEnded)) this.required = IN_A_ROW;
    this.namespace = namespace;
    this.port = destination.port;
    this.agreeing = Math.min(this.required, this.agreeing + 1);
    if (!this.owners.includes(owner)) this.owners = [...this.owners.slice(1 - MOST_OWNERS), owner];
  }

  /** A connection leads elsewhere. Not of several servers when those that were found have ended: they were replaced. */
  contradicted(): void {
    if (this.owners.some(({ hasEnded }) => !hasEnded)) {
      this.former = this.owners;
      this.required = Math.min(MOST_IN_A_ROW, this.required * 2);
    }
    this.forget();
  }

  forget(): void {
    this.namespace = null;
    this.owners = [];
    this.agreeing = 0;
  }

  leadsTo(namespace: Namespace | null, port: number): boolean {
    return this.agreeing >= this.required && this.isOf(namespace, port);
  }

  private isOf(namespace: Namespace | null, port: number): boolean {
    return this.namespace !== null && this.namespace === namespace && this.port === port;
  }
}

export class Tallies {
  private readonly tallies = new Map<string, Tally>();

  known(place: Place): Tally | null {
    return this.tallies.get(keyOf(place)) ?? null;
  }

  of(place: Place): Tally {
    return this.known(place) ?? this.add(keyOf(place));
  }

  private add(key: string): Tally {
    const [oldest] = this.tallies;
    if (this.tallies.size >= MOST && oldest !== undefined) {
      oldest[1].forget();
      this.tallies.delete(oldest[0]);
    }
    const tally = new Tally();
    this.tallies.set(key, tally);
    return tally;
  }
}
