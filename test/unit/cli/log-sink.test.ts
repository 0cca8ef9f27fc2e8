/** Lines that cannot be written are counted, and the log goes on when it can. */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LogSink, logFd } from '../../../src/cli/log-sink.js';
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
