/**
 * Ring to batches, on the event loop's own timer: quick while events come, slow while none do. One buffer, used again.
 * In: a tracer. Out: calls of `onBatch` with the bytes of whole records.
 */
import type { NativeTracer } from './native.js';

/**
 * Longest wait of an event in the ring, ms: waking up costs as much as a hundred events, so few events wait for company.
 * While there are none the wait doubles up to the last.
 */
const BUSY_MS = 4;
const QUIET_MS = 16;
const IDLE_MS = 64;
/** Above this traffic is busy, bytes per ms: some 16,000 records per second. */
const BUSY_BYTES_PER_MS = 2048;
/** Batches taken in one turn of the event loop; with more waiting the loop gets a chance in between. */
const BATCHES_PER_TURN = 4;

export class RingDrain {
  private timer: NodeJS.Timeout | null = null;
  private immediate: NodeJS.Immediate | null = null;
  private waitMs = QUIET_MS;
  private stopped = false;

  constructor(
    private readonly tracer: Pick<NativeTracer, 'drain'>,
    private readonly buffer: Uint8Array,
    private readonly onBatch: (bytes: number) => void,
    private readonly onError: (error: Error) => void,
    /** Whether a connection's open and close may come as one event; asked before each drain. */
    private readonly mayCoalesce: () => boolean,
  ) {}

  start(): void {
    this.schedule();
  }

  /** After this no batch is delivered. */
  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.immediate !== null) clearImmediate(this.immediate);
  }

  /** Takes everything that is in the ring now. */
  flush(): void {
    while (this.drainOnce() > 0);
  }

  private schedule(): void {
    this.timer = setTimeout(() => this.turn(), this.waitMs);
  }

  private turn(): void {
    try {
      this.drainTurn();
    } catch (error) {
      this.stop();
      this.onError(error as Error);
    }
  }

  private drainTurn(): void {
    let left = BATCHES_PER_TURN;
    let drained = 0;
    let bytes: number;
    do {
      bytes = this.drainOnce();
      drained += bytes;
      left -= 1;
    } while (bytes > this.buffer.length / 2 && left > 0);
    this.next(drained, bytes > this.buffer.length / 2);
  }

  private next(drained: number, more: boolean): void {
    if (this.stopped) return;
    this.waitMs = this.waitAfter(drained);
    if (more) this.immediate = setImmediate(() => this.turn());
    else this.schedule();
  }

  private waitAfter(drained: number): number {
    if (drained === 0) return Math.min(IDLE_MS, this.waitMs * 2);
    return drained > this.waitMs * BUSY_BYTES_PER_MS ? BUSY_MS : QUIET_MS;
  }

  private drainOnce(): number {
    const bytes = this.tracer.drain(this.buffer, this.mayCoalesce());
    if (bytes > 0) this.onBatch(bytes);
    return bytes;
  }
}
