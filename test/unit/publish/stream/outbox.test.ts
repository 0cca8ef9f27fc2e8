import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Outbox } from '../../../../src/publish/stream/outbox.js';
import { FrameText } from '../../../../src/query/frame-text.js';

/** So many rows of some 1,000 characters. */
const large = (name: string, rows: number) => ({
  head: `<${name}:`,
  text: new FrameText(
    '[',
    Array.from({ length: rows }, (_, at) => ({ json: `${at}`.padEnd(1000, '.') })),
    ']>',
  ),
});

function world() {
  const sink = {
    isFull: false,
    parts: [] as string[],
    messages: [] as string[],
    open: '',
    errors: [] as unknown[],
    broken: (error: unknown) => sink.errors.push(error),
    write(part: string | Buffer, isLast: boolean) {
      sink.parts.push(part.toString());
      sink.open += part.toString();
      if (!isLast) return;
      sink.messages.push(sink.open);
      sink.open = '';
    },
  };
  return { sink, outbox: new Outbox(sink) };
}

it('small frames go at once', () => {
  const { sink, outbox } = world();
  outbox.push('a');
  outbox.push({ head: 'b', text: new FrameText('[', [], ']') });
  expect(sink.messages).toEqual(['a', 'b[]']);
  expect(outbox.isEmpty).toBe(true);
});

it('a large frame goes a chunk in a turn of the event loop, and what comes behind it waits', async () => {
  const { sink, outbox } = world();
  outbox.push(large('one', 300));
  outbox.push('small');
  outbox.push(large('two', 100));
  expect(sink.messages).toEqual([]);
  for (let turns = 0; !outbox.isEmpty; turns++) {
    const before = sink.parts.join('').length;
    await setImmediate();
    expect(sink.parts.join('').length - before).toBeLessThan(3 * 70_000);
    expect(turns).toBeLessThan(20);
  }
  expect(sink.messages).toEqual([
    `<one:${large('one', 300).text.whole}`,
    'small',
    `<two:${large('two', 100).text.whole}`,
  ]);
});

it('a socket that is full gets nothing until it takes something again', async () => {
  const { sink, outbox } = world();
  sink.isFull = true;
  outbox.push('a');
  outbox.push(large('one', 300));
  await setImmediate();
  expect(sink.parts).toEqual([]);
  sink.isFull = false;
  outbox.proceed();
  expect(sink.messages).toEqual(['a']);
  sink.isFull = true;
  await setImmediate();
  const { length } = sink.parts;
  await setImmediate();
  expect(sink.parts).toHaveLength(length);
  sink.isFull = false;
  outbox.proceed();
  while (!outbox.isEmpty) await setImmediate();
  expect(sink.messages).toHaveLength(2);
});

it('of a client that went nothing is made any more', async () => {
  const { sink, outbox } = world();
  outbox.push(large('one', 300));
  const { length } = sink.parts;
  outbox.clear();
  await setImmediate();
  expect(sink.parts).toHaveLength(length);
  expect(outbox.isEmpty).toBe(true);
});

it('a text that cannot be made is thrown to whoever sends it, and later told to the socket', async () => {
  const { sink, outbox } = world();
  const broken = {
    get json(): string {
      throw new Error('a bug');
    },
  };
  expect(() => outbox.push({ head: 'x', text: new FrameText('[', [broken], ']') })).toThrow('a bug');
  expect(sink.parts).toEqual([]);
  outbox.clear();
  const items = [...Array.from({ length: 100 }, () => ({ json: 'y'.repeat(1000) })), broken];
  outbox.push({ head: 'x', text: new FrameText('[', items, ']') });
  while (!outbox.isEmpty) await setImmediate();
  expect(sink.errors).toMatchObject([{ message: 'a bug' }]);
  expect(sink.messages).toEqual([]);
});
