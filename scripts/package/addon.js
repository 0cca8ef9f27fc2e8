/** The portable addon. In: a sysroot, the sources of native/ and bpf/. Out: one file that loads where glibc is 2.28 or newer. */
import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { must, ROOT, Stop } from '../lib/run.js';
import { SYSROOT, WORK } from './places.js';
import { ensureSysroot } from './sysroot.js';

const OUT = join(WORK, 'addon-x64');
export const ADDON = join(OUT, 'Release/portchurn.node');

/** What a system with glibc has. */
const ALLOWED = /^(libc|libm|libpthread|libdl)\.so\.\d+$|^ld-linux-x86-64\.so\.2$/;
const NEWEST = [2, 28];

/**
 * What an ELF file needs of the system that loads it.
 * @param {string} dynamic what `readelf -d` says
 * @param {string} versions what `readelf -V` says
 * @returns {string[]} each thing that a system with glibc 2.28 does not have
 */
export function unmetNeeds(dynamic, versions) {
  const libraries = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name ?? '');
  const symbols = new Set(versions.match(/\b(GLIBC|GLIBCXX|CXXABI|GCC)_[\d.]+/g) ?? []);
  return [...libraries.filter((name) => !ALLOWED.test(name)), ...[...symbols].filter((name) => !isOld(name))];
}

/** @param {string} name such as GLIBC_2.17 */
function isOld(name) {
  const [kind, version = ''] = name.split('_');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return kind === 'GLIBC' && major === NEWEST[0] && minor <= (NEWEST[1] ?? 0);
}

/** @param {string} path @returns {string[]} as unmetNeeds() */
export function needsOf(path) {
  const said = (/** @type {string} */ flag) =>
    execFileSync('readelf', [flag, '--wide', path], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    });
  return unmetNeeds(said('-d'), said('-V'));
}

export async function buildAddon() {
  await ensureSysroot();
  const words = ['build', '--out', OUT, '--target', 'portchurn', '--log-level', 'warn'];
  const options = ['--CDPORTABLE=ON', `--CDSYSROOT=${SYSROOT}`, '--parallel', String(availableParallelism())];
  await must('Building the portable addon', join(ROOT, 'node_modules/.bin/cmake-js'), [...words, ...options]);
  const unmet = needsOf(ADDON);
  if (unmet.length > 0) throw new Stop(`The addon needs what older systems do not have: ${unmet.join(' ')}`);
}
