/**
 * What was open before the tracer: reads the kernel's iterators to their end, giving the event loop a turn between two
 * batches.
 */
import { setImmediate } from 'node:timers/promises';
import type { NativeTracer } from './native.js';

/** @param onBatch gets the bytes of whole records in `buffer` */
export async function readSeeds(
  tracer: Pick<NativeTracer, 'seeds'>,
  buffer: Uint8Array,
  onBatch: (bytes: number) => void,
): Promise<void> {
  for (let bytes = tracer.seeds(buffer); bytes > 0; bytes = tracer.seeds(buffer)) {
    onBatch(bytes);
    await setImmediate();
  }
}
