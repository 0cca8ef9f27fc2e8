/**
 * The tuple of a connection (namespace, local end, remote end) as a number of 64 bits: what finds the socket that holds it.
 * Of two full tables in ten million, one has two tuples with the same number. Filled anew for each connection: no object.
 */
import type { Ends } from './ends.js';

/** What a tuple is made of. */
export type TupleEnds = Pick<Ends, 'localWord' | 'remoteWord' | 'localPort' | 'remotePort'>;

/** Chosen anew by each process: whoever chooses addresses and ports must not be able to choose ones that collide. */
const SEED = Math.floor(Math.random() * 2 ** 32) | 0;

export class Tuple {
  low = 0;
  high = 0;

  constructor(private readonly seed = SEED) {}

  /** Two chains of multiplications: what is equal in one is not in the other. @param namespace its net cookie */
  of(ends: TupleEnds, namespace: number): this {
    this.low = namespace ^ this.seed;
    this.high = ~namespace ^ this.seed;
    for (let i = 0; i < 4; i++) this.add(ends.localWord(i));
    for (let i = 0; i < 4; i++) this.add(ends.remoteWord(i));
    this.add((ends.localPort << 16) | ends.remotePort);
    /* Mixes the ports in. */
    this.add(0);
    /* Never both 0: that is no tuple. */
    if (this.low === 0) this.low = 1;
    return this;
  }

  private add(word: number): void {
    const low = Math.imul(this.low ^ word, 0xcc9e2d51);
    this.low = low ^ (low >>> 15);
    const high = Math.imul(this.high ^ word, 0x85ebca6b);
    this.high = high ^ (high >>> 13);
  }
}
