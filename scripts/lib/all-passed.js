/**
 * Whether `npm run test:all` has passed on these sources: a tracked file holds the hash of what its additional tiers test.
 * In: files of the tree. Out: the hash, and whether CI may leave those tiers out. Only the runner writes the file.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.js';

/** @typedef {{ hash: string, date: string }} Passed `date`: ISO 8601 */

const FILE = join(ROOT, 'test/all-passed.json');
const VALID_DAYS = 14;
const DAY_MS = 86_400_000;

/** What the operator's screens, the scenes, the faults, the emulated kernels, the sanitizers and the load tests depend on. */
export const HASHED = [
  'bpf',
  'native',
  'CMakeLists.txt',
  'dashboard',
  'package-lock.json',
  'src/capture',
  'src/cli',
  'src/client',
  'src/decode',
  'src/aggregate',
  'src/diagnose',
  'src/engine',
  'src/publish',
  'src/system',
  'src/view',
  'test/e2e/stories',
  'test/faults',
  'test/kernel',
  'test/load',
  'test/programs',
  'test/scenes',
  'test/tools',
  'test/support',
  'scripts/lib/kernels',
];

/** @param {string} root @param {string} path @returns {string[]} files at or below it, in the order of their names */
function filesAt(root, path) {
  const at = join(root, path);
  if (!lstatSync(at).isDirectory()) return [path];
  const names = readdirSync(at)
    .filter((name) => name !== '__pycache__')
    .sort();
  return names.flatMap((name) => filesAt(root, join(path, name)));
}

/** By paths and contents: a fresh clone has the same. @param {string} [root] @param {readonly string[]} [paths] */
export function hashOf(root = ROOT, paths = HASHED) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesAt(root, path))) {
    const content = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    hash.update(`${file} ${content}\n`);
  }
  return hash.digest('hex');
}

/** @returns {Passed | null} */
function readPassed() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * Why everything must be tested; null: it has passed already.
 * @param {Passed | null} [passed]
 * @param {string} [hash]
 * @param {number} [now] Unix ms
 */
export function reasonToTestAll(passed = readPassed(), hash = hashOf(), now = Date.now()) {
  if (passed === null) return 'npm run test:all has never passed';
  if (passed.hash !== hash) return 'what it tests has changed since npm run test:all last passed';
  const days = (now - Date.parse(passed.date)) / DAY_MS;
  if (!(days <= VALID_DAYS)) return `npm run test:all last passed more than ${VALID_DAYS} days ago`;
  return null;
}

export function writePassed() {
  /** @type {Passed} */
  const passed = { hash: hashOf(), date: new Date().toISOString() };
  writeFileSync(FILE, `${JSON.stringify(passed, null, 2)}\n`);
}
