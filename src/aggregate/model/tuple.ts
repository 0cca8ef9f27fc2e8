/**
 * The tuple of a connection (namespace, local end, remote end) as a number of 64 bits: what finds the socket that holds it.
 * Of two full tables in ten million, one has two tuples with the same number. Filled anew for each connection: no object.
 */
import type { Ends } from './ends.js';

export class Tuple {
  low = 0;
  high = 0;

  /** Two chains of multiplications: what is equal in one is not in the other. @param namespace its net cookie */
  of(ends: Ends, namespace: number): this {
    let low = namespace | 0;
    let high = ~namespace;
    for (let i = 0; i < WORDS; i++) {
      const word = wordOf(ends, i);
      low = Math.imul(low ^ word, 0xcc9e2d51);
      low ^= low >>> 15;
      high = Math.imul(high ^ word, 0x85ebca6b);
      high ^= high >>> 13;
    }
    /* Never both 0: that is no tuple. */
    this.low = low === 0 ? 1 : low;
    this.high = high;
    return this;
  }
}

/** Four of each address, the ports, and one more to mix those in. */
const WORDS = 10;

function wordOf(ends: Ends, at: number): number {
  if (at < 4) return ends.localWord(at);
  if (at < 8) return ends.remoteWord(at - 4);
  return at === 8 ? (ends.localPort << 16) | ends.remotePort : 0;
}
