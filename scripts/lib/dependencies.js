/**
 * npm's part of set-up: node_modules must hold what package-lock.json says. Compared package by package, so that a tree
 * somebody installed by hand is not thrown away.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, ROOT, say } from './run.js';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean }} Locked
 * @typedef {Record<string, Locked>} Lock
 */

/** @param {string} path @returns {Lock} */
function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

/**
 * @param {Lock} wanted of package-lock.json
 * @param {Lock} installed of node_modules/.package-lock.json
 */
export function inStep(wanted, installed) {
  const lacks = (/** @type {[string, Locked]} */ [path, entry]) => {
    const there = installed[path];
    if (!there) return !entry.optional;
    return there.version !== entry.version || there.integrity !== entry.integrity;
  };
  const foreign = Object.keys(installed).some((path) => !(path in wanted));
  return !foreign && !Object.entries(wanted).some((pair) => pair[0] !== '' && lacks(pair));
}

/**
 * What npm would install without knowing what it should be. The project itself and links to its own folders have no hash.
 * @param {Lock} wanted of package-lock.json
 * @returns {string[]} their paths
 */
export function unverified(wanted) {
  const entries = Object.entries(wanted).filter(
    ([path, { link }]) => path.includes('node_modules/') && !link,
  );
  return entries.filter(([, { integrity }]) => !integrity).map(([path]) => path);
}

/** Runs `npm ci` when node_modules is not in step. Development packages too: the build needs them. */
export async function ensureDependencies() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json'));
  if (inStep(wanted, packagesOf(join(ROOT, 'node_modules/.package-lock.json')))) return;
  say('setup: installing npm packages');
  await must('Installing npm packages', 'npm', [
    'ci',
    '--include=dev',
    '--no-audit',
    '--no-fund',
    '--loglevel=warn',
  ]);
}
