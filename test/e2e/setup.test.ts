/**
 * Set-up and start as a user meets them: on a machine where something is missing, interrupted, and done already.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../scripts/lib/run.js';
import { must, type Running, run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';

const ALL = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'CMakeLists.txt',
  'bin',
  'bpf',
  'native',
  'scripts',
  'src',
];

/** A copy of this tree, not built; anybody may read it. */
function copy(scope: Scope): string {
  const tree = scope.directory();
  for (const part of ALL) cpSync(join(ROOT, part), join(tree, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  chmodSync(tree, 0o755);
  return tree;
}

/** A setting for env(1), of a machine without compilers: PATH leads to nothing but node. */
function bare(scope: Scope): string {
  const directory = scope.directory();
  chmodSync(directory, 0o755);
  cpSync(process.execPath, join(directory, 'node'));
  return `PATH=${directory}`;
}

/** Processes that work below a directory. */
function workingIn(tree: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(tree);
    } catch {
      return false;
    }
  });
}

it.concurrent('without root names the packages with their reasons and the command, and ends with 77', async ({
  onTestFinished,
}) => {
  const scope = testScope({ onTestFinished });
  const tree = copy(scope);
  mkdirSync(join(tree, 'out'), { mode: 0o777 });
  chmodSync(join(tree, 'out'), 0o777);
  const words = ['env', '-i', bare(scope), 'node', 'scripts/setup.js'];
  const done = await run(words, { cwd: tree, user: 'nobody' });
  expect(done).toMatchObject({ code: 77, stdout: '' });
  expect(done.stderr).toContain('  clang: compiles the BPF program\n');
  expect(done.stderr).toContain('sudo apt-get install cmake make g++ clang pkg-config libbpf-dev\n');
});

/** /etc/os-release of distributions, as they write it, and what somebody there types. */
const DISTRIBUTIONS = [
  [
    'Fedora',
    'ID=fedora\nVERSION_ID=42\n',
    'dnf install cmake make gcc-c++ clang pkgconf-pkg-config libbpf-devel',
  ],
  ['Arch', 'NAME="Arch Linux"\nID=arch\n', 'pacman -S --needed cmake make gcc clang pkgconf libbpf'],
  ['Alpine', 'ID=alpine\nVERSION_ID=3.22.0\n', 'apk add cmake make build-base clang pkgconf libbpf-dev'],
  [
    'openSUSE',
    'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n',
    'zypper install cmake make gcc-c++ clang pkgconf-pkg-config libbpf-devel',
  ],
] as const;

it.concurrent.for(DISTRIBUTIONS)(
  'on %s uses its names, installs nothing, and ends with 1',
  async ([, osRelease, command], { onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const tree = copy(scope);
    const release = join(scope.directory(), 'os-release');
    writeFileSync(release, osRelease);
    const script = `mount --bind ${release} /etc/os-release && exec env -i ${bare(scope)} node scripts/setup.js`;
    const done = await run(['unshare', '--mount', 'sh', '-c', script], { cwd: tree });
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toContain('  clang: compiles the BPF program\n');
    expect(done.stderr).toContain(`\n  ${command}\n`);
  },
);

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to npm during set-up ends the set-up and all it runs',
  async (signal) => {
    const scope = testScope();
    const tree = copy(scope);
    const npm = await start(scope, ['npm', 'start'], { cwd: tree });
    await npm.printed(/Building C/, 60_000);
    const { code } = await npm.stop(signal);
    expect(code).toBe(130);
    expect(workingIn(tree)).toEqual([]);
  },
);

/** Starts the service by npm; it is ready when it has printed its URL. */
async function npmStart(scope: Scope): Promise<Running> {
  const npm = await start(scope, ['npm', 'start', '--', '--listen', '127.0.0.1:0'], { cwd: ROOT });
  await npm.printed(/^http:\/\/127\.0\.0\.1:\d+/m);
  return npm;
}

/* No bound of time: on a busy machine a start is slow and right. What makes one slow by itself is a step that runs again. */
it('after set-up, a start runs no step of it', async () => {
  await must(['npm', 'run', 'setup'], { cwd: ROOT, withinMs: 120_000 }); // whoever built this tree may have left out a step
  const before = stamps();
  const npm = await npmStart(testScope());
  expect(npm.stderr).not.toContain('setup:');
  expect(stamps()).toEqual(before);
  await npm.stop();
});

/** Every step leaves one when it has run: name and time. */
function stamps(): [string, number][] {
  const directory = join(ROOT, 'out/stamps');
  return readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs]);
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to npm ends the service that npm start became',
  async (signal) => {
    const npm = await npmStart(testScope());
    const [child] = execFileSync('pgrep', ['-P', String(npm.pid)], { encoding: 'utf8' }).split('\n');
    const command = execFileSync('ps', ['-o', 'args=', '-p', String(child)], { encoding: 'utf8' });
    /* It has re-executed itself, with fewer privileges, by its full name. */
    expect(command).toMatch(/^\S*node \S*bin\/portchurn\.js serve --listen 127\.0\.0\.1:0\n$/);
    expect(await npm.stop(signal)).toMatchObject({ code: 0, signal: null });
    expect(existsSync(`/proc/${child}`)).toBe(false);
  },
);

it('two set-ups of one tree take turns', async () => {
  const scope = testScope();
  const tree = copy(scope);
  const first = await start(scope, ['npm', 'run', 'setup'], { cwd: tree });
  await first.printed(/setup: native/);
  const second = await start(scope, ['npm', 'run', 'setup'], { cwd: tree });
  await second.printed(/setup: waiting for another set-up of this tree/);
  await first.stop('SIGTERM');
  await second.printed(/setup: native/);
  await second.stop('SIGTERM');
});

it('a command before set-up says what to run, and ends with 1', async () => {
  const done = await run(['node', 'bin/portchurn.js', 'top', '--once'], { cwd: copy(testScope()) });
  expect(done).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'portchurn: not built yet. Run: npm run setup\n',
  });
});
