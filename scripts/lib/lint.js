/**
 * The checks that need no test runner. Each is one tool over one project or folder and counts as one test in `npm test`. In: the
 * tree, and out/ for the compile commands of C and C++. Out: which checks passed; findings on stderr, and in out/lint/.
 */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { failure, PASS, sumOf } from './count.js';
import { ROOT, run, say } from './run.js';

/** @typedef {{ name: string, command: string, args: string[] }} Check */

/** What the tools keep and say. */
const OUT = join(ROOT, 'out/lint');

/** @param {string} name */
const bin = (name) => join(ROOT, 'node_modules/.bin', name);

/**
 * C and C++ files of our own.
 * @param {RegExp} pattern
 */
function native(pattern) {
  return ['bpf', 'native', 'test/tools'].flatMap((dir) => {
    const files = existsSync(join(ROOT, dir)) ? readdirSync(join(ROOT, dir), { recursive: true }) : [];
    return files.map((file) => join(dir, String(file))).filter((file) => pattern.test(file));
  });
}

/** BPF programs are no part of the compile commands: their flags are written by CMakeLists.txt. */
function bpfFlags() {
  const file = join(ROOT, 'out/bpf.flags');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : [];
}

/** @returns {Check[]} */
export function formatters() {
  return [
    { name: 'biome', command: bin('biome'), args: ['check', '--error-on-warnings'] },
    {
      name: 'clang-format',
      command: 'clang-format',
      args: ['--dry-run', '-Werror', ...native(/\.(c|h|cc)$/)],
    },
  ];
}

/**
 * What tsc knows from the last time makes it three times as fast; it compares the contents of files.
 * @param {string} project
 * @returns {Check}
 */
const types = (project) => ({
  name: `tsc ${project}`,
  command: bin('tsc'),
  args: ['--noEmit', '-p', project, '--incremental', '--tsBuildInfoFile', infoOf(project)],
});

/** @param {string} project */
const infoOf = (project) => join(OUT, `${project.replaceAll('/', '-')}.tsbuildinfo`);

/** The longest first, so that no processor waits in the end. @returns {Check[]} */
function linters() {
  const projects = ['test/tsconfig.json', 'tsconfig.json', 'dashboard/tsconfig.json'];
  const bpf = native(/\.bpf\.c$/);
  const hosted = native(/\.(c|cc)$/).filter((file) => !bpf.includes(file));
  return [
    ...projects.map(types),
    { name: 'package-lock.json', command: process.execPath, args: [join(ROOT, 'scripts/lib/lockfile.js')] },
    ...[...new Set(hosted.map(dirname))].map((folder) => ({
      name: `clang-tidy ${folder}`,
      command: 'clang-tidy',
      args: ['--quiet', '-p', 'out', ...hosted.filter((file) => dirname(file) === folder)],
    })),
    { name: 'clang-tidy bpf', command: 'clang-tidy', args: ['--quiet', ...bpf, '--', ...bpfFlags()] },
  ];
}

/**
 * One at a time on each processor; what a tool says is kept until it has ended, so that no two are mixed.
 * @param {Check} check
 * @param {boolean} idle
 */
async function perform({ name, command, args }, idle) {
  const file = join(OUT, `${name.replaceAll(/\W/g, '-')}.txt`);
  const output = openSync(file, 'w');
  const ok = (await run(command, args, { output, idle })) === 0;
  closeSync(output);
  const said = ok ? '' : readFileSync(file, 'utf8');
  say(`${said}lint: ${name}: ${ok ? 'ok' : 'FAILED'}`);
  return ok ? PASS : failure(`lint: ${name}`);
}

/**
 * Runs every check, also after one failed.
 * @param {{ idle?: boolean }} [options] `idle`: only while nobody else wants the processor
 * @returns {Promise<import('./count.js').Count>}
 */
export async function lint({ idle = false } = {}) {
  mkdirSync(OUT, { recursive: true });
  const waiting = [...linters(), ...formatters()].values();
  /** @type {import('./count.js').Count[]} */
  const counts = [];
  const work = async () => {
    for (const check of waiting) counts.push(await perform(check, idle));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return sumOf(counts);
}
