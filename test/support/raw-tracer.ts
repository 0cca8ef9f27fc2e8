/** The native tracer by itself: opened, attached, its ring drained record by record. */
import { expect } from 'vitest';
import type { NativeTracer } from '../../src/capture/native.js';
import { Batch } from '../../src/decode/batch.js';
import { Decoder, type EventSink } from '../../src/decode/decoder.js';
import { openAddon } from '../../src/engine/addon.js';
import type { Netns } from './netns.js';
import type { Scope } from './scope.js';

const addon = openAddon();

/** One that sees this namespace alone. */
export function openTracer(
  scope: Scope,
  netns: Netns,
  { ringBytes = 1 << 22, syscalls = true } = {},
): NativeTracer {
  const tracer = addon.openTracer({ ringBytes, syscalls });
  scope.use({ end: () => tracer.close() });
  tracer.setFilter({ tgids: [], ports: [], netns: [netns.inode] });
  tracer.attach();
  return tracer;
}

/** Hands all records in the ring to the sink, taken through a buffer of this size. */
export function drainInto(sink: EventSink, tracer: NativeTracer, bufferBytes: number, join = false): void {
  const decoder = new Decoder(new Batch(bufferBytes));
  for (let bytes: number; ; ) {
    bytes = tracer.drain(decoder.batch.u8, join);
    if (bytes === 0) return;
    expect(decoder.decode(bytes, sink)).toBe(bytes);
  }
}
