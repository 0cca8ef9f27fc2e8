import { expect, it } from 'vitest';
import { FrameText } from '../../../src/query/frame-text.js';

const itemsOf = (count: number, length: number) =>
  Array.from({ length: count }, (_, at) => ({ json: JSON.stringify(`${at} ${'é'.repeat(length)}`) }));

function chunksOf(text: FrameText): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; text.has(at); at++) chunks.push(text.chunk(at));
  return chunks;
}

it.each([
  [0, 1],
  [1, 1],
  [1, 200_000],
  [5000, 10],
  [300, 4000],
])('%i items of %i characters are the same in chunks as in one, and no chunk is long', (count, length) => {
  const items = itemsOf(count, length);
  const text = new FrameText('{"rows":[', items, '],"more":"ä"}');
  const expected = `{"rows":[${items.map(({ json }) => json).join(',')}],"more":"ä"}`;
  const chunks = chunksOf(text);
  expect(Buffer.concat(chunks).toString()).toBe(expected);
  expect(text.whole).toBe(expected);
  expect(chunks.length).toBeGreaterThanOrEqual(Math.floor((count * length) / (64 * 1024 + length)));
  for (const chunk of chunks) expect(chunk.length).toBeLessThan(2 * (64 * 1024 + length + 200));
  expect(chunksOf(text).every((chunk, at) => chunk === chunks[at])).toBe(true);
});

it('texts are made when their chunk is asked for, and once', () => {
  let made = 0;
  const items = Array.from({ length: 1000 }, () => ({
    get json() {
      made++;
      return 'x'.repeat(1000);
    },
  }));
  const text = new FrameText('', items, '');
  expect(made).toBe(0);
  text.chunk(0);
  expect(made).toBe(66);
  chunksOf(text);
  chunksOf(text);
  expect(made).toBe(1000);
});
