/**
 * Dumps on the event loop's terms: the native thread dumps, this takes what there is in short slices and gives the loop
 * back in between. Enters: targets. Leaves: calls on the caller's sink, in order. One buffer, used again. Called by the
 * engine.
 */
import { performance } from 'node:perf_hooks';
import { Batch } from '../decode/batch.js';
import { DumpDecoder, type DumpSink } from '../decode/dump.js';
import type { DumpTarget, NativeSocketDumper } from './native.js';

const BUFFER_BYTES = 256 * 1024;
/** Longest hold of the event loop in one turn, ms; the last step may go beyond it. */
const SLICE_MS = 3;
/** Decoded between two looks at the clock: more than the largest record. */
const STEP_BYTES = 32 * 1024;
/** Wait when the thread has nothing yet, ms. */
const POLL_MS = 2;

interface Dump {
  sink: DumpSink;
  resolve(): void;
  reject(error: unknown): void;
  /** What the sink or the decoder threw: the rest is taken and thrown away. */
  failure: { error: unknown } | null;
}

export class SocketDumper {
  private readonly decoder = new DumpDecoder(new Batch(BUFFER_BYTES));
  private running: Dump | null = null;
  private timer: NodeJS.Timeout | null = null;
  private immediate: NodeJS.Immediate | null = null;
  private at = 0;
  private filled = 0;
  private closed = false;

  /** @param onTaken runs before each batch of records is decoded: what happened before they were dumped has happened. */
  constructor(
    private readonly native: NativeSocketDumper,
    private readonly onTaken: () => void = () => undefined,
  ) {}

  /**
   * Dumps the targets, one after another, to the sink. Resolves when all are through, failed ones too: those say so in
   * their end. Rejects with what the sink threw, when a dump is running already, and when close() interrupts it.
   */
  dump(targets: readonly DumpTarget[], sink: DumpSink): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed) throw new Error('the dumper is closed');
      if (!this.native.start([...targets])) throw new Error('a dump is running');
      this.running = { sink, resolve, reject, failure: null };
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

  /** False: nothing to do in this turn. */
  private refill(): boolean {
    const bytes = this.native.take(this.decoder.batch.u8);
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
      if (dump.failure === null) this.at = this.decoder.decode(end, dump.sink, this.at);
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
