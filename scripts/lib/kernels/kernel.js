/**
 * Stock kernels, from the apt sources of this machine or from an apt of its own: fetched and unpacked below out/kernels/, not
 * installed, so that nothing of how this machine boots changes. In: a Stock kernel's name. Out: a Kernel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpack, update, whole } from '../apt.js';
import { must, ROOT, Stop } from '../run.js';

/** @typedef {{ release: string, image: string, modules: string, directory: string }} Kernel `modules`: its own folder of modules */
/**
 * @typedef {{ series: string, flavour: 'cloud-amd64' | 'rt-amd64' | 'arm64', part: readonly string[], inAll: boolean }} Stock `series`, `flavour`: as Debian
 *   names them, "6.12" and for whom it was built; `part`: files of the kernel tier unless all are asked for; `inAll`: part of
 *   `npm run test:all`, too
 */
/** @typedef {Pick<Stock, 'series' | 'flavour'>} Kind */
/** @typedef {import('../apt.js').Apt} Apt */

export const DIRECTORY = join(ROOT, 'out/kernels');
/** Where packages have their modules: up to Debian 12, and since. */
const MODULES = ['lib/modules', 'usr/lib/modules'];
/** Static, so that it runs in an initramfs. */
export const BUSYBOX = join(DIRECTORY, 'busybox-static/bin/busybox');

/** @param {Kind} kind */
const pattern = ({ series, flavour }) =>
  `^linux-image-${series.replace('.', '\\.')}\\.[^ -]*(-[0-9]+)?-${flavour}$`;

/** @param {Kind} kind @param {Apt} apt @returns {string | undefined} the newest package that the sources offer */
function newest(kind, { words = [] }) {
  const request = [...words, 'search', '--names-only', pattern(kind)];
  const found = execFileSync('apt-cache', request, { encoding: 'utf8' });
  const names = found.split('\n').flatMap((line) => line.split(' ')[0] || []);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/** @param {string} name @param {Apt} [apt] @returns {Promise<string>} the package below out/kernels/NAME */
const unpacked = (name, apt) => whole(join(DIRECTORY, name), (partial) => unpack([name], partial, apt));

/**
 * Lists which module needs which: the package leaves that to its installation.
 * @param {string} modules
 * @param {string} release
 */
async function index(modules, release) {
  if (existsSync(join(modules, 'modules.dep'))) return;
  await must('Unpacking modules', 'find', [modules, '-name', '*.ko.xz', '-exec', BUSYBOX, 'unxz', '{}', '+']);
  await must('Listing modules', BUSYBOX, ['depmod', '-b', join(modules, '../../..'), release]);
}

/** @param {string} directory of an unpacked kernel */
function modulesIn(directory) {
  const found = MODULES.find((path) => existsSync(join(directory, path)));
  if (found === undefined) throw new Stop(`No modules in ${directory}`);
  return found;
}

/** @param {Kind} kind @param {Apt} [apt] none: this machine's @returns {Promise<Kernel>} */
export async function fetchKernel(kind, apt = {}) {
  if (!newest(kind, apt)) await update(apt);
  const name = newest(kind, apt);
  if (!name)
    throw new Stop(
      `No package ${pattern(kind)} in this machine's apt sources: Debian 12 has it, security updates included`,
    );
  await unpacked('busybox-static');
  const directory = await unpacked(name, apt);
  const release = name.replace('linux-image-', '');
  const modules = join(directory, modulesIn(directory), release);
  await index(modules, release);
  return { release, image: join(directory, 'boot', `vmlinuz-${release}`), modules, directory };
}
