/** Long scans in short slices. In: a generator that yields after each small piece of work. Out: a promise. */
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Longest time that one turn of the event loop spends on background work, ms. */
export const SLICE_MS = 2;

/** Rest after a scan in units of its own length: scanning takes at most a twentieth of one CPU. */
const REST_RATIO = 19;

/**
 * Runs the generator to its end, beginning in a later turn of the event loop and giving way to it whenever a slice is
 * used up. Rejects if a piece throws.
 */
export async function inSlices(pieces: Iterable<unknown>, sliceMs = SLICE_MS): Promise<void> {
  await setImmediate();
  let start = performance.now();
  for (const _ of pieces) {
    if (performance.now() - start < sliceMs) continue;
    await setImmediate();
    start = performance.now();
  }
}

/** Runs a scan on request, one at a time, and rests after each however large the scanned tree has grown. */
export class ThrottledScan {
  private restUntil = 0;
  private last: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;

  /** @param minRestMs shortest rest after a scan */
  constructor(
    private readonly pieces: () => Iterable<unknown>,
    private readonly minRestMs: number,
  ) {}

  /** Resolves when a scan that began after this call has ended. Many requests share one scan. */
  request(): Promise<void> {
    if (this.next === null) {
      this.next = this.scan(this.last);
      this.last = this.next.catch(() => {});
    }
    return this.next;
  }

  /** Asked for again later: what this scan could not do, a later one may. */
  suggest(): void {
    this.request().catch(() => {});
  }

  /** The timer does not keep the process alive. */
  private async scan(previous: Promise<void>): Promise<void> {
    await previous;
    const rest = this.restUntil - performance.now();
    if (rest > 0) await setTimeout(rest, undefined, { ref: false });
    this.next = null;
    const start = performance.now();
    try {
      await inSlices(this.pieces());
    } finally {
      const end = performance.now();
      this.restUntil = end + Math.max(this.minRestMs, REST_RATIO * (end - start));
    }
  }
}
