/** What strace sees of a program's TCP connects: the truth that tests of failures compare with. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Netns } from '../support/netns.js';
import { type Finished, run } from '../support/process.js';
import type { Scope } from '../support/scope.js';

export interface Traced {
  done: Finished;
  /** Attempts toward that port that did not succeed at once, a later call on the same socket not counted again. */
  attempts: number;
}

/** Runs a program and all of its children under strace. The exit code is the caller's to judge. */
export async function straced(scope: Scope, netns: Netns, port: number, words: string[]): Promise<Traced> {
  const directory = scope.directory();
  const flags = [
    '-ff',
    '-yy',
    '-e',
    'trace=connect,close',
    '-e',
    'signal=none',
    '-o',
    join(directory, 'trace'),
  ];
  const done = await run(['strace', ...flags, '--', ...words], { netns, withinMs: 60_000 });
  const files = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'utf8'));
  return { done, attempts: files.reduce((sum, text) => sum + attemptsIn(text, port), 0) };
}

/** One process's lines. A connect() on a socket that is connecting asks how that goes: it is no attempt. */
function attemptsIn(text: string, port: number): number {
  const connecting = new Set<string>();
  let attempts = 0;
  for (const line of text.split('\n')) {
    const [, call, fd = '', rest = ''] = /^(connect|close)\((\d+)(.*)$/.exec(line) ?? [];
    if (call === 'close') connecting.delete(fd);
    if (call !== 'connect' || !rest.startsWith('<TCP') || !rest.includes(`htons(${port})`)) continue;
    if (/ = 0$/.test(rest) || connecting.has(fd)) continue;
    attempts += 1;
    if (rest.includes('EINPROGRESS')) connecting.add(fd);
  }
  return attempts;
}
