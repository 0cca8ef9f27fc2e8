/** The runtime inside a real process, known by the libraries that it has mapped. Needs Linux and Python, no root. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProcessInfo } from '../../src/protocol/rows.js';
import { Runtimes } from '../../src/system/runtimes.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';

const MAP = `import mmap, sys
files = [open(name, "rb") for name in sys.argv[1:]]
kept = [mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) for file in files]
print("ready", flush=True); sys.stdin.read()`;

/** A process that has mapped libraries of these names. */
async function carrying(...libraries: string[]): Promise<ProcessInfo> {
  const scope = testScope();
  const directory = scope.directory();
  const files = libraries.map((name) => join(directory, name));
  for (const file of files) writeFileSync(file, 'a library');
  const running = await start(scope, ['/usr/bin/python3', '-c', MAP, ...files]);
  await running.printed(/ready/);
  return { pid: running.pid, exe: `/opt/${libraries.join('-')}`, exited: false } as ProcessInfo;
}

describe('the runtime inside a program', () => {
  it.each([
    ['libjvm.so', 'java'],
    ['libcoreclr.so', 'dotnet'],
    ['libpython3.11.so.1.0', 'python'],
    ['libruby-3.1.so.3.1', 'ruby'],
    ['libphp8.2.so', 'php'],
    ['libnode.so.108', 'node'],
  ])('%s is %s', async (library, runtime) => {
    expect(new Runtimes().of(await carrying('libother.so', library))).toBe(runtime);
  });

  it('is null where there is none, and where the process has gone', async () => {
    const runtimes = new Runtimes();
    expect(runtimes.of(await carrying('libother.so'))).toBeNull();
    expect(runtimes.of({ pid: 0x7fffffff, exe: '/opt/gone', exited: false } as ProcessInfo)).toBeNull();
  });

  it('is looked up once per file, and known when the process has ended', async () => {
    const runtimes = new Runtimes();
    const process = await carrying('libjvm.so');
    runtimes.of(process);
    expect(runtimes.of({ ...process, pid: 0x7fffffff, exited: true })).toBe('java');
  });
});
