/**
 * The checks that need no test runner. Each is one tool over one language and counts as one test in `npm test`. In: the
 * tree, and out/ for the compile commands of C and C++. Out: which checks passed; findings on stderr.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, PASS, sumOf } from './count.js';
import { ROOT, run, say } from './run.js';

/** @typedef {{ name: string, command: string, args: string[] }} Check */

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

/** @returns {Check[]} */
function linters() {
  const projects = ['tsconfig.json', 'test/tsconfig.json', 'dashboard/tsconfig.json'];
  const present = projects.filter((file) => existsSync(join(ROOT, file)));
  const bpf = native(/\.bpf\.c$/);
  const hosted = native(/\.(c|cc)$/).filter((file) => !bpf.includes(file));
  return [
    ...present.map((file) => ({ name: `tsc ${file}`, command: bin('tsc'), args: ['--noEmit', '-p', file] })),
    { name: 'clang-tidy', command: 'clang-tidy', args: ['--quiet', '-p', 'out', ...hosted] },
    { name: 'clang-tidy bpf', command: 'clang-tidy', args: ['--quiet', ...bpf, '--', ...bpfFlags()] },
  ];
}

/**
 * Runs every check, also after one failed.
 * @returns {Promise<import('./count.js').Count>}
 */
export async function lint() {
  const counts = [];
  for (const { name, command, args } of [...formatters(), ...linters()]) {
    const ok = (await run(command, args)) === 0;
    counts.push(ok ? PASS : failure(`lint: ${name}`));
    say(`lint: ${name}: ${ok ? 'ok' : 'FAILED'}`);
  }
  return sumOf(counts);
}
