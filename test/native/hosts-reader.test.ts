/** Hosts files of processes with a root of their own, as a container can have prepared them: read only where it is safe, and never waited for. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { HostsFiles } from '../../src/capture/hosts-files.js';
import { openAddon } from '../../src/engine/addon.js';
import { must, type Running, start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { plant } from '../support/tree.js';

const ADDON = fileURLToPath(new URL('../../out/Release/portchurn.node', import.meta.url));
const HOSTS = '10.77.0.9 db.internal\n';
const LIMIT = 64 * 1024;
const files = new HostsFiles(openAddon().openHostsReader());

const CONTAINED = `import os, sys
os.chroot(sys.argv[1]); os.chdir("/")
print("ready", flush=True); sys.stdin.read()`;
/** Its /etc is a file system that answers nothing. */
const SILENT = `import ctypes, os, sys
fuse = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
assert ctypes.CDLL(None).mount(b"none", os.fsencode(sys.argv[1] + "/etc"), b"fuse", 0, options) == 0
${CONTAINED}`;

/** A process in a mount namespace of its own, with this directory as its root. */
async function contained(scope: Scope, root: string, code = CONTAINED): Promise<Running> {
  mkdirSync(join(root, 'etc'), { recursive: true });
  const words = ['unshare', '--mount', '--propagation=private', '--', 'python3', '-c', code, root];
  const running = await start(scope, words);
  await running.printed(/ready/);
  return running;
}

const scope = fileScope();
const root = scope.directory();
const [etc, hosts] = [join(root, 'etc'), join(root, 'etc/hosts')];
let process: Running;
beforeAll(async () => {
  process = await contained(scope, root);
});
beforeEach(() => {
  rmSync(etc, { recursive: true, force: true });
  mkdirSync(etc);
});

async function text(): Promise<string | null> {
  const answer = await files.read(process.pid, '');
  if (answer === 'late' || answer === 'busy') throw new Error(answer);
  return answer?.bytes?.toString() ?? null;
}

it('a file is read, again when it was written, and not while it is the same', async () => {
  writeFileSync(hosts, HOSTS);
  const first = await files.read(process.pid, '');
  expect(first).toEqual({ version: expect.any(String), bytes: Buffer.from(HOSTS) });
  const { version } = first as { version: string };
  expect(await files.read(process.pid, version)).toEqual({ version, bytes: null });
  writeFileSync(hosts, '10.77.0.9 another\n');
  expect(await files.read(process.pid, version)).toMatchObject({ bytes: Buffer.from('10.77.0.9 another\n') });
});

it('a link is followed nowhere: not out of the root, not in it, not in place of the directory', async () => {
  const outside = plant(scope.directory(), { files: { hosts: HOSTS } });
  plant(root, { files: { 'real/hosts': HOSTS } });
  const up = `${'../'.repeat(20)}${outside.slice(1)}/hosts`;
  for (const target of [`${outside}/hosts`, up, '/real/hosts', '../real/hosts', '/proc/self/fd/0']) {
    symlinkSync(target, hosts);
    expect(await text(), target).toBeNull();
    rmSync(hosts);
  }
  rmSync(etc, { recursive: true });
  symlinkSync('real', etc);
  expect(await text()).toBeNull();
});

it.each([
  ['a pipe', ['mkfifo']],
  ['a device', ['sh', '-c', 'mknod "$0" c 1 5']],
  ['a directory', ['mkdir']],
  ['a socket', ['python3', '-c', 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])']],
  ['a file that not everybody may read', ['sh', '-c', `printf '${HOSTS}' > "$0" && chmod 640 "$0"`]],
  ['a file of 10 MB', ['truncate', '--size=10M']],
  ['a file that is a byte too long', ['truncate', `--size=${LIMIT + 1}`]],
  ['nothing', ['true']],
])('%s is no hosts file', async (_, [command = '', ...words]) => {
  execFileSync(command, [...words, hosts]);
  expect(await text()).toBeNull();
});

it('a file of 64 KiB is one', async () => {
  writeFileSync(hosts, HOSTS.padEnd(LIMIT, '#'));
  expect(await text()).toHaveLength(LIMIT);
});

it('a process that has ended has none, nor has a pid that no process can have', async () => {
  const scope = testScope();
  const ending = await contained(scope, plant(scope.directory(), { files: { 'etc/hosts': HOSTS } }));
  expect(await files.read(ending.pid, '')).not.toBeNull();
  ending.closeInput();
  await ending.finished(10_000);
  expect(await files.read(ending.pid, '')).toBeNull();
  expect(await files.read(2 ** 31 - 1, '')).toBeNull();
});

it('a file system that does not answer is waited for a second, by four threads at most, and held up is nobody', async () => {
  writeFileSync(hosts, HOSTS);
  const scope = testScope();
  const silent: Running[] = [];
  for (let asked = 0; asked < 4; asked++) silent.push(await contained(scope, scope.directory(), SILENT));
  for (const { pid } of silent) {
    expect(await files.read(process.pid, '')).toMatchObject({ bytes: Buffer.from(HOSTS) });
    const turn = new Promise((resolve) => setImmediate(() => resolve('turned')));
    const answer = files.read(pid, '');
    expect(await Promise.race([answer, turn])).toBe('turned');
    expect(await answer).toBe('late');
  }
  expect(await files.read(process.pid, '')).toBe('busy');
  for (const one of silent) {
    one.closeInput();
    await one.finished(10_000);
  }
  await expect.poll(() => files.read(process.pid, '')).toMatchObject({ bytes: Buffer.from(HOSTS) });
});

it('one container has one thread, however often its file is asked for, and is asked again when it has answered', async () => {
  writeFileSync(hosts, HOSTS);
  const scope = testScope();
  const silent = await contained(scope, scope.directory(), SILENT);
  for (let asked = 0; asked < 6; asked++) expect(await files.read(silent.pid, '')).toBe('late');
  expect(await files.read(process.pid, '')).toMatchObject({ bytes: Buffer.from(HOSTS) });
  silent.closeInput();
  await silent.finished(10_000);
  await expect.poll(() => files.read(silent.pid, '')).toBeNull();
});

/** As the service's unit runs: nobody in particular, with capabilities. Node's own files may be where only root finds them. */
const asUnit = (capabilities: string, code: string) => {
  const caps = [`--inh-caps=-all,${capabilities}`, `--ambient-caps=-all,${capabilities}`];
  const who = ['--reuid=nobody', '--regid=nogroup', '--clear-groups'];
  return must(['setpriv', ...who, ...caps, '--', execPath, '-e', code]);
};

it('CAP_SYS_PTRACE is needed, as the unit of the service has it', async () => {
  writeFileSync(hosts, HOSTS);
  const code = `const reader = require(${JSON.stringify(ADDON)}).openHostsReader();
    reader.start(${process.pid}, '');
    const ask = () => {
      const answer = reader.take();
      if (answer === undefined) setTimeout(ask, 5);
      else console.log(String(answer && answer.bytes));
    };
    ask();`;
  const [without, having] = ['+dac_read_search', '+dac_read_search,+sys_ptrace'];
  expect((await asUnit(without, code)).stdout).toBe('null\n');
  expect((await asUnit(having, code)).stdout).toBe(`${HOSTS}\n`);
});

it('a process that waits for such a file can end', async () => {
  const scope = testScope();
  const silent = await contained(scope, scope.directory(), SILENT);
  const code = `const reader = require(${JSON.stringify(ADDON)}).openHostsReader();
    reader.start(${silent.pid}, ''); setTimeout(() => console.log(reader.take()), 200);`;
  expect(await must([execPath, '-e', code], { withinMs: 20_000 })).toMatchObject({
    stdout: 'undefined\n',
  });
});
