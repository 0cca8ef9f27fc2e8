/** Texts as the body of an answer: a chunk in a turn of the event loop, as fast as the client takes them. */
import { setImmediate } from 'node:timers/promises';
import type { FrameText } from '../../query/frame-text.js';

export function streamOf(texts: readonly FrameText[]): ReadableStream<Uint8Array> {
  const chunks = chunksOf(texts);
  return new ReadableStream({
    async pull(controller) {
      await setImmediate();
      const { done, value } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

function* chunksOf(texts: readonly FrameText[]): Generator<Uint8Array, void> {
  for (const text of texts) for (let at = 0; text.has(at); at++) yield text.chunk(at);
}
