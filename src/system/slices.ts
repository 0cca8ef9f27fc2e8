/** Long scans in short slices. In: a generator that yields after each small piece of work. Out: a promise. */
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';

/** Longest time that one turn of the event loop spends on background work, ms. */
export const SLICE_MS = 2;

/** Rest after a scan in units of the processor time that it took: scanning takes at most a twentieth of one processor. */
const REST_RATIO = 19;
/** However much a scan took: what it finds must not be older than this for it, ms. */
const MAX_REST_MS = 30_000;

/**
 * What a slice takes. On a busy machine most of its time belongs to others, so its length says little; what the process used of the
 * processors meanwhile may be its other threads' too. It is the smaller of the two.
 */
class SliceClock {
  private readonly start = performance.now();
  private readonly cpuBefore = process.cpuUsage();

  get lengthMs(): number {
    return performance.now() - this.start;
  }

  get tookMs(): number {
    const { user, system } = process.cpuUsage(this.cpuBefore);
    return Math.min(this.lengthMs, (user + system) / 1000);
  }
}

/**
 * Runs the generator to its end, beginning in a later turn of the event loop and giving way to it whenever a slice is
 * used up. Rejects if a piece throws. Resolves with the processor time that the slices took, ms: neither what the event loop did
 * between them is in it, nor the time in which other processes ran.
 */
export async function inSlices(pieces: Iterable<unknown>, sliceMs = SLICE_MS): Promise<number> {
  await setImmediate();
  let took = 0;
  let slice = new SliceClock();
  for (const _ of pieces) {
    if (slice.lengthMs < sliceMs) continue;
    took += slice.tookMs;
    await setImmediate();
    slice = new SliceClock();
  }
  return took + slice.tookMs;
}

/** Runs a scan on request, one at a time, and rests after each however large the scanned tree has grown. */
export class ThrottledScan {
  private restUntil = 0;
  private first: Promise<void> | null = null;
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
      this.first ??= this.next;
      this.last = this.next.catch(() => {});
    }
    return this.next;
  }

  /** Resolves when the first scan of all has ended: whoever starts waits for one, and for no rest after it. */
  once(): Promise<void> {
    return this.first ?? this.request();
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
