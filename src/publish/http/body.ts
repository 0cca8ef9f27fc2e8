/** Texts as the body of an answer: a chunk in a turn of the event loop, as fast as the client takes them. */
import { setImmediate } from 'node:timers/promises';
import type { FrameText } from '../../query/frame-text.js';

/** Of a row's text, about: what it really is would have to be made first. */
const ROW_BYTES = 1024;

/** What the texts take until a client has taken them, about. */
export const bytesOf = (texts: readonly FrameText[]): number =>
  texts.reduce((sum, { length }) => sum + length * ROW_BYTES, 0);

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
