/**
 * Stock kernels for the matrix, from the apt sources of this machine: fetched and unpacked below out/kernels/, not
 * installed, so that nothing of how this machine boots changes. In: a Stock kernel's name. Out: a Kernel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpack, update, whole } from '../apt.js';
import { must, ROOT, Stop } from '../run.js';

/** @typedef {{ release: string, image: string, modules: string, directory: string }} Kernel `modules`: its /lib/modules/RELEASE */
/**
 * @typedef {{ series: string, flavour: 'cloud' | 'rt', part: readonly string[], inAll: boolean }} Stock `series`, `flavour`: as Debian
 *   names them, "6.12" and what it was built for; `part`: files of the kernel tier unless all are asked for; `inAll`: part of
 *   `npm run test:all`, too
 */
/** @typedef {Pick<Stock, 'series' | 'flavour'>} Kind */

export const DIRECTORY = join(ROOT, 'out/kernels');
/** Static, so that it runs in an initramfs. */
export const BUSYBOX = join(DIRECTORY, 'busybox-static/bin/busybox');

/** @param {Kind} stock */
const pattern = ({ series, flavour }) =>
  `^linux-image-${series.replace('.', '\\.')}\\.[0-9][^ ]*-${flavour}-amd64$`;

/** @param {Kind} stock @returns {string | undefined} the newest package that the sources offer */
function newest(stock) {
  const found = execFileSync('apt-cache', ['search', '--names-only', pattern(stock)], { encoding: 'utf8' });
  const names = found.split('\n').flatMap((line) => line.split(' ')[0] || []);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

/** @param {string} name @returns {Promise<string>} the package below out/kernels/NAME */
const unpacked = (name) => whole(join(DIRECTORY, name), (partial) => unpack([name], partial));

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

/** @param {Kind} stock @returns {Promise<Kernel>} */
export async function fetchKernel(stock) {
  if (!newest(stock)) await update();
  const name = newest(stock);
  if (!name)
    throw new Stop(
      `No package ${pattern(stock)} in this machine's apt sources: Debian 12 has it, security updates included`,
    );
  await unpacked('busybox-static');
  const directory = await unpacked(name);
  const release = name.replace('linux-image-', '');
  const modules = join(directory, 'lib/modules', release);
  await index(modules, release);
  return { release, image: join(directory, 'boot', `vmlinuz-${release}`), modules, directory };
}
