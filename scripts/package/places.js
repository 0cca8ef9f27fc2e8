/** Where packages are made: all of it below out/packages/, and safe to remove. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, Stop } from '../lib/run.js';

/** What a user gets, and SHA256SUMS. */
export const PACKAGES = join(ROOT, 'out/packages');
/** What that is made from. */
export const WORK = join(PACKAGES, 'work');
/** @param {import('./targets.js').Arch} arch */
export const sysrootOf = (arch) => join(WORK, `sysroot-${arch}`);

/** @type {Record<'name' | 'version' | 'description' | 'license' | 'type', string> & Record<'bin' | 'engines' | 'os', unknown>} */
export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** @param {import('./targets.js').Arch} arch @returns {string} of a program that runs where nothing is: its folder, and the start of its files' names */
export const nameFor = (arch) => `portchurn-${MANIFEST.version}-linux-${arch}`;

/** @param {string[]} words */
const git = (...words) => execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim();

/** @returns {{ commit: string, time: Date }} what is packed; "-changed" when it is not quite that commit */
export function source() {
  try {
    const commit = git('rev-parse', 'HEAD').slice(0, 12);
    const changed = git('status', '--porcelain') === '' ? '' : '-changed';
    return { commit: commit + changed, time: new Date(Number(git('log', '-1', '--format=%ct')) * 1000) };
  } catch {
    throw new Stop('Packages say which commit they are made of: make them in a git clone');
  }
}
