/**
 * Bind pools that a bind() found empty a moment ago: they are shown for as long as failures name
 * them. In: failures. Out: pools for bind-pools.ts. Bounded; time comes with the calls.
 */
import { RateWindow } from '../measure/rates.js';
import { bindPoolKey, type EmptyPool, type PoolPlace } from '../rows/bind-pools.js';

/** How long a pool is shown after the last bind() that found it empty, ms. */
const SHOWN_MS = 60_000;
const MAX_POOLS = 256;

export class EmptyPools {
  private readonly pools = new Map<string, { pool: EmptyPool; at: number }>();

  /** Returns the key of the pool's row. @param second of the events' clock */
  note(place: PoolPlace, second: number, unixMs: number): string {
    const key = bindPoolKey(place.namespace, place.source);
    const known = this.pools.get(key) ?? (this.pools.size < MAX_POOLS ? this.admit(key, place) : null);
    if (known === null) return key;
    known.at = unixMs;
    known.pool.refusals.add(0, second);
    return key;
  }

  *fresh(unixMs: number): Iterable<EmptyPool> {
    for (const [key, { pool, at }] of this.pools) {
      if (unixMs - at < SHOWN_MS) yield pool;
      else this.pools.delete(key);
    }
  }

  private admit(key: string, place: PoolPlace): { pool: EmptyPool; at: number } {
    const admitted = { pool: { ...place, refusals: new RateWindow(1) }, at: 0 };
    this.pools.set(key, admitted);
    return admitted;
  }
}
