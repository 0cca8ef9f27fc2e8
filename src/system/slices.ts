/** Long scans in short slices. In: a generator that yields after each small piece of work. Out: a promise. */
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Longest time that one turn of the event loop spends on background work, ms. */
export const SLICE_MS = 2;

/** Rest after a scan in units of the time that its slices took: scanning takes at most a twentieth of one CPU. */
const REST_RATIO = 19;
/** On a busy machine a slice also has the time in which others run: no scan is put off longer than this for it, ms. */
const MAX_REST_MS = 30_000;

/**
 * Runs the generator to its end, beginning in a later turn of the event loop and giving way to it whenever a slice is
 * used up. Rejects if a piece throws. Resolves with the time that the slices took, ms: what the event loop did between them is not
 * in it.
 */
export async function inSlices(pieces: Iterable<unknown>, sliceMs = SLICE_MS): Promise<number> {
  await setImmediate();
  let took = 0;
  let start = performance.now();
  for (const _ of pieces) {
    const slice = performance.now() - start;
    if (slice < sliceMs) continue;
    took += slice;
    await setImmediate();
    start = performance.now();
  }
  return took + performance.now() - start;
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
    let took = 0;
    try {
      took = await inSlices(this.pieces());
    } finally {
      this.restUntil = performance.now() + Math.max(this.minRestMs, Math.min(REST_RATIO * took, MAX_REST_MS));
    }
  }
}
