/** Lines that cannot be written are counted, and the log goes on when it can. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { LogSink, logFd } from '../../../src/cli/log-sink.js';
import { printable } from '../../../src/cli/screen/text.js';
import { testScope } from '../../support/scope.js';

/** A disk with room for so many bytes. */
class Disk {
  text = '';
  constructor(public room: number) {}

  readonly write = (_: number, bytes: Uint8Array): number => {
    if (this.room === 0) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    const part = bytes.subarray(0, this.room);
    this.room -= part.length;
    this.text += Buffer.from(part).toString();
    return part.length;
  };
}

it('a line that finds no room is dropped and counted; the next one says so, and is whole', () => {
  const disk = new Disk(5);
  const sink = new LogSink(2, disk.write);
  for (const line of ['{"a":1}\n', '{"a":2}\n', '{"a":3}\n']) sink.write(line);
  expect(disk.text).toBe('{"a":');
  disk.room = 1000;
  for (const line of ['{"a":4}\n', '{"a":5}\n']) sink.write(line);
  const [broken, note, ...rest] = disk.text.trimEnd().split('\n');
  expect([broken, ...rest]).toEqual(['{"a":', '{"a":4}', '{"a":5}']);
  expect(JSON.parse(note as string)).toMatchObject({ lost: 3, reason: 'ENOSPC', level: 40 });
});

it('a pipe that nobody reads does not hold it up', () => {
  const path = join(testScope().directory(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const own = logFd(writer);
  const sink = new LogSink(own);
  for (let i = 0; i < 100; i++) sink.write(`${'x'.repeat(1000)}\n`);
  for (const fd of [reader, writer, own]) closeSync(fd);
  expect(own).not.toBe(writer);
});

const HOSTILE =
  'a\u202ab\u202e\u2066\u2069\u200b\ufeff\u2028\u2029\u00ad\u009b31m\u001b[2J\n{"level":60}\r\t\u007f\ud800 "\\\\ \\u202e \\n \u00fc\u65e5\u{1f600}","stack":"\n';

it('what other processes are called is in it as a terminal would show it, and the lines are JSON', () => {
  const disk = new Disk(100_000);
  const log = pino({ base: null }, new LogSink(2, disk.write));
  log.warn({ fix: HOSTILE, nested: { stack: 1, list: [HOSTILE] }, [HOSTILE]: 1 }, HOSTILE);
  log.error({ err: new Error(HOSTILE) }, 'failed');
  log.info('größe "日本語" \\ 😀');
  const lines = disk.text.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  const [warned, failed, plain] = lines.map((line) => JSON.parse(line));
  const safe = printable(HOSTILE);
  expect(warned).toMatchObject({ msg: safe, fix: safe, nested: { list: [safe] }, [safe]: 1 });
  expect(failed.err.message).toBe(safe);
  expect(failed.err.stack).toMatch(/\n {4}at /);
  expect(printable(failed.err.stack.replaceAll('\n', ''))).toBe(failed.err.stack.replaceAll('\n', ''));
  expect(plain.msg).toBe('größe "日本語" \\ 😀');
  for (const line of lines) expect(printable(line)).toBe(line);
});
