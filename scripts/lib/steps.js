/** What set-up consists of, in order. Each step names its inputs and outputs and runs only when they changed. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureDependencies } from './dependencies.js';
import { locked } from './lock.js';
import { ensurePackages, PACKAGES } from './packages.js';
import { must, ROOT, say } from './run.js';
import { fresh, mark, signature } from './stamp.js';

/** @typedef {{ name: string, inputs: string[], outputs: string[], run: () => Promise<void> }} Step */

/** @param {string} path */
const at = (path) => join(ROOT, path);
/** @param {string} name */
const bin = (name) => at(`node_modules/.bin/${name}`);

/** @type {Step} */
const systemPackages = {
  name: 'packages',
  inputs: ['scripts/packages.json', '/etc/os-release'],
  outputs: [],
  run: () => ensurePackages(PACKAGES.build),
};

/** @type {Step} */
const dependencies = {
  name: 'dependencies',
  inputs: ['package-lock.json', 'node_modules/.package-lock.json'],
  outputs: ['node_modules/.package-lock.json'],
  run: ensureDependencies,
};

/** @type {Step} */
const native = {
  name: 'native',
  inputs: ['CMakeLists.txt', 'package.json', 'package-lock.json', 'bpf', 'native', 'test/tools'],
  outputs: ['out/Release/portchurn.node'],
  run: buildNative,
};

/** @type {Step} */
const program = {
  name: 'program',
  inputs: ['tsconfig.json', 'package.json', 'package-lock.json', 'scripts/bundle.config.js', 'src'],
  outputs: ['dist/app/main.js'],
  run: bundle,
};

/** @type {Step} */
const dashboard = {
  name: 'dashboard',
  inputs: ['dashboard', 'src', 'package-lock.json'],
  outputs: ['dist/dashboard/index.html'],
  run: () => must('Building the dashboard', bin('vite'), ['build', at('dashboard')], PRODUCTION),
};

/** Of every bundle, whatever the shell says: vite would keep that, and make another one. */
export const PRODUCTION = { env: { NODE_ENV: 'production' } };

/** What cmake-js is told, here and in binding.gyp: its own directory, since node-gyp uses build/. */
export const CMAKE_JS = ['build', '--out', 'out'];

export const PREREQUISITES = [systemPackages, dependencies];
export const BUILD = [native, program, dashboard];
export const DEPENDENCIES = [dependencies];

/**
 * cmake-js configures only when there is no CMakeCache.txt; one from a tree elsewhere (copied, moved) is of no use. Asks for
 * the packages once more: they may have been removed since set-up.
 */
async function buildNative() {
  await ensurePackages(PACKAGES.build);
  const cache = at('out/CMakeCache.txt');
  const home = `CMAKE_HOME_DIRECTORY:INTERNAL=${ROOT}\n`;
  if (existsSync(cache) && !readFileSync(cache, 'utf8').includes(home)) {
    for (const stale of [cache, at('out/CMakeFiles')]) rmSync(stale, { recursive: true });
  }
  const jobs = String(availableParallelism());
  await must('Building the addon', bin('cmake-js'), [...CMAKE_JS, '--parallel', jobs, '--log-level', 'warn']);
}

/** Types are checked by lint. What earlier builds left in dist/ goes. */
async function bundle() {
  for (const name of existsSync(at('dist')) ? readdirSync(at('dist')) : [])
    if (name !== 'dashboard') rmSync(at(`dist/${name}`), { recursive: true });
  const words = ['build', '--config', at('scripts/bundle.config.js')];
  await must('Bundling the program', bin('vite'), words, PRODUCTION);
}

/** @param {Step} step */
const done = (step) => fresh(step.name, step.inputs, step.outputs);

/**
 * Runs the steps whose inputs changed. When none did, nothing is started and nothing is said.
 * @param {Step[]} steps
 * @returns {Promise<boolean>} whether anything was run
 */
export async function ensure(steps) {
  if (steps.every(done)) return false;
  await locked(async () => {
    for (const step of steps) if (!done(step)) await perform(step);
  });
  return true;
}

/** @param {Step} step */
async function perform(step) {
  say(`setup: ${step.name}`);
  const seen = signature(step.inputs);
  await step.run();
  // npm rewrites the lock of node_modules, which is an input: that change is its own.
  mark(step.name, step === dependencies ? signature(step.inputs) : seen);
}
