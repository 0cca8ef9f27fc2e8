/**
 * Stock kernels for the matrix, from the apt sources of this machine: fetched and unpacked below out/kernels/, not
 * installed, so that nothing of how this machine boots changes. In: a Stock kernel's name. Out: a Kernel.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must, ROOT, run, Stop } from '../run.js';

/** @typedef {{ release: string, image: string, modules: string, directory: string }} Kernel `modules`: its /lib/modules/RELEASE */
/**
 * @typedef {{ series: string, flavour: 'cloud' | 'rt', part: readonly string[], inAll: boolean }} Stock `series`, `flavour`: as Debian
 *   names them, "6.12" and what it was built for; `part`: files of the kernel tier unless all are asked for; `inAll`: part of
 *   `npm run test:all`, too
 */

export const DIRECTORY = join(ROOT, 'out/kernels');
/** Static, so that it runs in an initramfs. */
export const BUSYBOX = join(DIRECTORY, 'busybox-static/bin/busybox');
const QUIET = { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };

/** @param {Stock} stock */
const pattern = ({ series, flavour }) =>
  `^linux-image-${series.replace('.', '\\.')}\\.[0-9][^ ]*-${flavour}-amd64$`;

/** @param {Stock} stock @returns {string | undefined} the newest package that the sources offer */
function newest(stock) {
  const found = execFileSync('apt-cache', ['search', '--names-only', pattern(stock)], { encoding: 'utf8' });
  const names = found.split('\n').flatMap((line) => line.split(' ')[0] || []);
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
}

const update = () => run('apt-get', ['-qq', 'update'], { env: QUIET });

/**
 * The package into a directory. Lists that are a day old may name a version that the mirror has no more.
 * @param {string} name
 * @param {string} cwd
 */
async function download(name, cwd) {
  const words = ['-qq', '-o', 'APT::Sandbox::User=root', 'download', name];
  if ((await run('apt-get', words, { env: QUIET, cwd })) === 0) return;
  await update();
  await must('Fetching a package', 'apt-get', words, { env: QUIET, cwd });
}

/**
 * The package below out/kernels/NAME, complete or not at all.
 * @param {string} name
 */
async function unpack(name) {
  const directory = join(DIRECTORY, name);
  if (existsSync(directory)) return directory;
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(join(partial, 'deb'), { recursive: true });
  await download(name, join(partial, 'deb'));
  for (const deb of readdirSync(join(partial, 'deb')))
    await must('Unpacking a package', 'dpkg-deb', ['-x', join(partial, 'deb', deb), partial]);
  rmSync(join(partial, 'deb'), { recursive: true });
  renameSync(partial, directory);
  return directory;
}

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

/** @param {Stock} stock @returns {Promise<Kernel>} */
export async function fetchKernel(stock) {
  if (!newest(stock)) await update();
  const name = newest(stock);
  if (!name)
    throw new Stop(
      `No package ${pattern(stock)} in this machine's apt sources: Debian 12 has it, security updates included`,
    );
  await unpack('busybox-static');
  const directory = await unpack(name);
  const release = name.replace('linux-image-', '');
  const modules = join(directory, 'lib/modules', release);
  await index(modules, release);
  return { release, image: join(directory, 'boot', `vmlinuz-${release}`), modules, directory };
}
