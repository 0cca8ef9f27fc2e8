/** The portable addon of a processor. In: a sysroot, the sources of native/ and bpf/. Out: one file that loads where glibc is 2.28 or newer. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { must, ROOT, Stop } from '../lib/run.js';
import { sysrootOf, WORK } from './places.js';
import { ensureSysroot } from './sysroot.js';
import { ARCHS, TARGETS } from './targets.js';

/** @typedef {import('./targets.js').Arch} Arch */

/** @param {Arch} arch @returns {string} the folder of its build */
export const buildOf = (arch) => join(WORK, `addon-${arch}`);
/** @param {Arch} arch */
export const addonOf = (arch) => join(buildOf(arch), 'Release/portchurn.node');

/** What a system with glibc has. */
const ALLOWED = /^(libc|libm|libpthread|libdl)\.so\.\d+$/;
const LOADERS = ARCHS.map((arch) => TARGETS[arch].loader);
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
  return [
    ...libraries.filter((name) => !ALLOWED.test(name) && !LOADERS.includes(name)),
    ...[...symbols].filter((name) => !isOld(name)),
  ];
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

/** @param {string} path of an addon @returns {string[]} BPF objects of the clone that are not in it, byte for byte */
export function lackingObjects(path) {
  const built = join(ROOT, 'out/bpf');
  const names = readdirSync(built).filter((name) => name.endsWith('.bpf.o'));
  if (names.length === 0) throw new Stop(`No BPF objects in ${built}`);
  const addon = readFileSync(path);
  return names.filter((name) => !addon.includes(readFileSync(join(built, name))));
}

/** @param {Arch} arch */
export async function buildAddon(arch) {
  await ensureSysroot(arch);
  const words = ['build', '--out', buildOf(arch), '--target', 'portchurn', '--log-level', 'warn'];
  const target = [`--CDSYSROOT=${sysrootOf(arch)}`, `--CDTRIPLE=${TARGETS[arch].triple}`];
  const options = ['--CDPORTABLE=ON', ...target, '--parallel', String(availableParallelism())];
  await must('Building the portable addon', join(ROOT, 'node_modules/.bin/cmake-js'), [...words, ...options]);
  const unmet = needsOf(addonOf(arch));
  if (unmet.length > 0) throw new Stop(`The addon needs what older systems do not have: ${unmet.join(' ')}`);
}
