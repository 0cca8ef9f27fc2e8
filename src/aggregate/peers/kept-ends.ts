/** The ends of one connection, kept after its event has gone, and how the other end sees them. No object per word: filled anew. */
import type { TupleEnds } from '../model/tuple.js';

export class KeptEnds implements TupleEnds {
  readonly local = new Int32Array(4);
  readonly remote = new Int32Array(4);
  localPort = 0;
  remotePort = 0;

  localWord(index: number): number {
    return this.local[index] as number;
  }

  remoteWord(index: number): number {
    return this.remote[index] as number;
  }

  take(ends: TupleEnds): this {
    for (let i = 0; i < 4; i++) {
      this.local[i] = ends.localWord(i);
      this.remote[i] = ends.remoteWord(i);
    }
    this.localPort = ends.localPort;
    this.remotePort = ends.remotePort;
    return this;
  }

  /** As the other end has them. */
  mirror(ends: KeptEnds): this {
    this.local.set(ends.remote);
    this.remote.set(ends.local);
    this.localPort = ends.remotePort;
    this.remotePort = ends.localPort;
    return this;
  }
}

/** ::ffff:0:0/96 and ::1, as their words lie in memory: little-endian. */
const [MAPPED, ONE] = [0xffff_0000, 0x0100_0000];

/** An address of four words that only means something within its own namespace: 127.0.0.0/8, also as v4-mapped, and ::1. */
export function isLoopback([w0, w1, w2, w3]: Iterable<number>): boolean {
  if (w0 !== 0 || w1 !== 0) return false;
  const [third, last] = [(w2 as number) >>> 0, (w3 as number) >>> 0];
  return third === MAPPED ? (last & 0xff) === 127 : third === 0 && last === ONE;
}
