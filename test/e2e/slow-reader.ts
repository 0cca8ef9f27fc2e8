/**
 * A program whose output nobody reads until it has nothing more to do: it has ended, or waits for the reader. So a program that
 * leaves before its output was taken is caught however slowly it starts.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Running, start } from '../support/process.js';
import type { Scope } from '../support/scope.js';

/** What a pipe holds, bytes. */
export const PIPE_BYTES = 65_536;

/** A program that used no processor for this long has nothing more to do. */
const IDLE_MS = 1500;
const POLL_MS = 100;
/** Ticks (10 ms) of timers within that time. */
const SLACK = 1;

export interface Taken {
  code: number | null;
  /** What came through the pipe. */
  text: string;
  /** The other output; empty when both are redirected. */
  stderr: string;
}

export interface SlowOptions {
  /** Which output is the pipe; the other one is not. */
  output?: 'stdout' | 'stderr';
  /** The pipe is full before the program starts. */
  full?: true;
  /** How long the program may wait for something else than its reader, ms. */
  quietMs?: number;
  /** Bytes after which the reader leaves; as many as there are unless told. */
  most?: number;
}

export async function readLate(
  scope: Scope,
  words: readonly string[],
  options: SlowOptions = {},
): Promise<Taken> {
  const path = join(scope.directory(), 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (options.full) fill(path);
  const redirect = options.output === 'stderr' ? `2>"$0" >/dev/null` : `>"$0"`;
  const program = await start(scope, ['sh', '-c', `exec "$@" ${redirect}`, path, ...words]);
  await nothingMoreToDo(program, IDLE_MS + (options.quietMs ?? 0));
  const text = await read(fd, options.most ?? Number.POSITIVE_INFINITY);
  const { code, stderr } = await program.finished(20_000);
  return { code, text: options.full ? text.slice(PIPE_BYTES) : text, stderr };
}

function fill(path: string): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  writeSync(fd, ' '.repeat(PIPE_BYTES));
  closeSync(fd);
}

async function nothingMoreToDo(program: Running, idleMs: number): Promise<void> {
  let since = Date.now();
  let used = ticks(program.pid);
  while (program.running && Date.now() - since < idleMs) {
    await sleep(POLL_MS);
    const now = ticks(program.pid);
    if (now - used <= SLACK) continue;
    used = now;
    since = Date.now();
  }
}

/** Processor time of a process so far; 0 when it is gone. */
function ticks(pid: number): number {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
    const fields = rest.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return 0;
  }
}

async function read(fd: number, most: number): Promise<string> {
  const pipe = new Socket({ fd, readable: true, writable: false }).setEncoding('utf8');
  let text = '';
  for await (const piece of pipe) {
    text += piece;
    if (text.length >= most) break;
  }
  pipe.destroy();
  return text;
}
