/**
 * What was open before the tracer: reads the kernel's iterators to their end, giving the event loop a turn between two
 * batches. Called once by the engine, right after attach, so that no connection falls between the two.
 */
import { setImmediate } from 'node:timers/promises';
import type { Batch } from '../decode/batch.js';
import type { NativeTracer } from './native.js';

/** @param onBatch gets the bytes of whole records in `batch` */
export async function readSeeds(
  tracer: Pick<NativeTracer, 'seeds'>,
  batch: Batch,
  onBatch: (bytes: number) => void,
): Promise<void> {
  for (let bytes = tracer.seeds(batch.u8); bytes > 0; bytes = tracer.seeds(batch.u8)) {
    onBatch(bytes);
    await setImmediate();
  }
}
