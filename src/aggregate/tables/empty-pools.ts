/**
 * Bind pools that a bind() found empty a moment ago: they are shown for as long as failures name
 * them. In: failures. Out: pools for bind-pools.ts. Bounded; time comes with the calls.
 */
import { bindPoolKey, type EmptyPool } from '../rows/bind-pools.js';

/** How long a pool is shown after the last bind() that found it empty, ms. */
const SHOWN_MS = 60_000;
const MAX_POOLS = 256;

export class EmptyPools {
  private readonly pools = new Map<string, { pool: EmptyPool; at: number }>();

  /** Returns the key of the pool's row. */
  note(pool: EmptyPool, unixMs: number): string {
    const key = bindPoolKey(pool.namespace, pool.source);
    if (this.pools.has(key) || this.pools.size < MAX_POOLS) this.pools.set(key, { pool, at: unixMs });
    return key;
  }

  *fresh(unixMs: number): Iterable<EmptyPool> {
    for (const [key, { pool, at }] of this.pools) {
      if (unixMs - at < SHOWN_MS) yield pool;
      else this.pools.delete(key);
    }
  }
}
