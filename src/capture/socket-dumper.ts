/**
 * Socket dumps on the event loop's terms: the native thread reads the kernel's lists, this hands the records over in short
 * slices and gives the loop back in between. In: namespaces. Out: bytes of whole records, in one buffer that is used again.
 */
import { performance } from 'node:perf_hooks';
import type { DumpTarget, NativeSocketDumper } from './native.js';

/** Longest hold of the event loop in one turn, ms; the last step may go beyond it. */
const SLICE_MS = 3;
/** Handed over between two readings of the clock: more than the largest record. */
const STEP_BYTES = 32 * 1024;
/** Wait when the thread has nothing yet, ms. */
const POLL_MS = 2;

/**
 * Takes the records that lie in the buffer between two offsets. Returns where it stopped: at `to`, or at the beginning of a
 * record that goes on after `to`.
 */
export type DumpConsumer = (from: number, to: number) => number;

interface Dump {
  consume: DumpConsumer;
  resolve(): void;
  reject(error: unknown): void;
  /** What the consumer threw: the rest is read and thrown away. */
  failure: { error: unknown } | null;
}

export class SocketDumper {
  private running: Dump | null = null;
  private timer: NodeJS.Timeout | null = null;
  private immediate: NodeJS.Immediate | null = null;
  private at = 0;
  private filled = 0;
  private closed = false;

  /**
   * @param buffer 8-byte aligned, at least 32 KiB
   * @param onTaken runs before each buffer of records is handed over: the events from before the dump must be counted first
   */
  constructor(
    private readonly native: NativeSocketDumper,
    private readonly buffer: Uint8Array,
    private readonly onTaken: () => void = () => undefined,
  ) {}

  /**
   * Dumps the targets, one after another. Resolves when all are done, failed ones too: those say so in their end record.
   * Rejects with what the consumer threw, when a dump is running already, and when close() interrupts it.
   */
  dump(targets: readonly DumpTarget[], consume: DumpConsumer): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new Error('the dumper is closed');
      if (!this.native.start([...targets])) throw new Error('a dump is running');
      this.running = { consume, resolve, reject, failure: null };
      this.poll();
    });
  }

  /** Ends a running dump. Waits for the thread, some ms at most. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.native.close();
    this.running?.reject(new Error('the dumper was closed'));
    this.running = null;
  }

  private poll(): void {
    this.timer = setTimeout(() => this.slice(), POLL_MS);
  }

  /** One turn of the event loop. */
  private slice(): void {
    const until = performance.now() + SLICE_MS;
    do {
      if (this.at === this.filled && !this.refill()) return;
      this.step();
      if (this.closed) return;
    } while (performance.now() < until);
    this.immediate = setImmediate(() => this.slice());
  }

  /** False: there is nothing to do in this turn. */
  private refill(): boolean {
    const bytes = this.native.take(this.buffer);
    if (bytes > 0) this.onTaken();
    else if (bytes === 0) this.poll();
    else this.finish();
    this.at = 0;
    this.filled = Math.max(0, bytes);
    return bytes > 0;
  }

  private step(): void {
    const dump = this.running as Dump;
    const end = Math.min(this.filled, this.at + STEP_BYTES);
    try {
      if (dump.failure === null) this.at = dump.consume(this.at, end);
    } catch (error) {
      dump.failure = { error };
    }
    if (dump.failure !== null) this.at = this.filled;
  }

  private finish(): void {
    const dump = this.running as Dump;
    this.running = null;
    if (dump.failure === null) dump.resolve();
    else dump.reject(dump.failure.error);
  }
}
