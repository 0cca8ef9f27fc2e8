/**
 * Which tiers of `npm run test:all` have passed, and on what: a tracked file holds for each the hash of what it tests, and when it
 * passed. In: files of the tree. Out: that hash, and whether CI may leave the tier out. Only the runner writes the file.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run.js';

/** @typedef {{ hash: string, date: string }} Passed `date`: ISO 8601 */
/** @typedef {Partial<Record<string, Passed>>} PassedTiers by the names of tiers */

const FILE = join(ROOT, 'test/passed.json');
const VALID_DAYS = 14;
const DAY_MS = 86_400_000;

/** What decides what is read of a kernel, and the tests that show it. */
const KERNEL_SIDE = [
  'bpf',
  'native',
  'CMakeLists.txt',
  'package-lock.json',
  'src/aggregate',
  'src/capture',
  'src/decode',
  'src/system',
  'test/kernel',
  'test/support',
  'test/tools',
];

const PRODUCT = [
  'bpf',
  'native',
  'CMakeLists.txt',
  'package-lock.json',
  'dashboard',
  'src',
  'test/programs',
  'test/support',
  'test/tools',
];

/** What makes packages, and what of the program differs in one: what it links, its paths, the library. */
const PACKED = [
  'bin',
  'bpf',
  'native',
  'CMakeLists.txt',
  'package-lock.json',
  'scripts/bundle.config.js',
  'scripts/lib/apt.js',
  'scripts/package',
  'scripts/package.js',
  'src/capture/load-addon.ts',
  'src/client',
  'src/protocol/version.ts',
  'test/packages',
];

/**
 * Files and folders that each additional tier depends on.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const INPUTS = {
  operator: [...PRODUCT, 'test/e2e'],
  scenes: [...PRODUCT, 'test/e2e/stories', 'test/scenes'],
  sanitized: KERNEL_SIDE,
  faults: [...PRODUCT, 'test/faults'],
  load: [...PRODUCT, 'test/e2e/stories', 'test/load'],
  packages: PACKED,
  kernels: [...KERNEL_SIDE, 'scripts/lib/apt.js', 'scripts/lib/kernels'],
};

/** @param {string} root @param {string} path @returns {string[]} files at or below it, in the order of their names */
function filesAt(root, path) {
  const at = join(root, path);
  if (!lstatSync(at).isDirectory()) return [path];
  const names = readdirSync(at)
    .filter((name) => name !== '__pycache__')
    .sort();
  return names.flatMap((name) => filesAt(root, join(path, name)));
}

/** By paths and contents: a fresh clone has the same. @param {string} root @param {readonly string[]} paths */
export function hashOf(root, paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap((path) => filesAt(root, path))) {
    const content = createHash('sha256')
      .update(readFileSync(join(root, file)))
      .digest('hex');
    hash.update(`${file} ${content}\n`);
  }
  return hash.digest('hex');
}

/** @param {string} tier @returns {string} of what it depends on */
const inputsHash = (tier) => hashOf(ROOT, INPUTS[tier] ?? []);

/** @returns {PassedTiers} */
function readPassed() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * @param {Passed | undefined} passed
 * @param {string} hash of what the tier depends on now
 * @param {number} now Unix ms
 * @returns {string | null} why a tier must run; null: it has passed already
 */
export function reasonToRun(passed, hash, now) {
  if (passed === undefined) return 'it has never passed';
  if (passed.hash !== hash) return 'what it tests has changed since it last passed';
  const days = (now - Date.parse(passed.date)) / DAY_MS;
  if (!(days <= VALID_DAYS)) return `it last passed more than ${VALID_DAYS} days ago`;
  return null;
}

/** @returns {{ tier: string, reason: string }[]} additional tiers that have not passed on these sources lately */
export function dueTiers() {
  const passed = readPassed();
  return Object.keys(INPUTS).flatMap((tier) => {
    const reason = reasonToRun(passed[tier], inputsHash(tier), Date.now());
    return reason === null ? [] : [{ tier, reason }];
  });
}

/**
 * Keeps which of the tiers that have run passed.
 * @param {ReadonlyMap<string, { failed: number }>} counts by tier
 */
export function keepPassed(counts) {
  const passed = readPassed();
  for (const tier of Object.keys(INPUTS)) {
    const failed = counts.get(tier)?.failed;
    if (failed === 0) passed[tier] = { hash: inputsHash(tier), date: new Date().toISOString() };
    else if (failed !== undefined) delete passed[tier];
  }
  if (Object.keys(INPUTS).some((tier) => counts.has(tier)))
    writeFileSync(FILE, `${JSON.stringify(passed, null, 2)}\n`);
}
