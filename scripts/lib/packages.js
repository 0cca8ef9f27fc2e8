/**
 * System packages: which are missing, and how they come. The list with the reason for each is scripts/packages.json. A
 * package counts as there when what it is for is there (a program, a library, a header, a runtime of the compiler, a check
 * that succeeds), so a compiler built by hand will do. null: the distribution does not have it; the tests that need it fail, and say what
 * they lack. In: the machine. Out: packages installed (Debian and its children, as root) or a Stop that names them.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { EXIT, must, run, Stop, say } from './run.js';

/**
 * @typedef {'apt' | 'dnf' | 'pacman' | 'apk' | 'zypper'} Manager
 * @typedef {{ command?: string, library?: string, version?: string, header?: string, runtime?: string, check?: string }} Evidence
 * @typedef {Evidence & { why: string, service?: string } & Record<Manager, string | null>} Package
 */

/** @type {Record<'build' | 'test' | 'fixes' | 'kernels' | 'arm64' | 'bench' | 'packages' | 'image' | 'systems' | 'containers', Package[]>} */
export const PACKAGES = JSON.parse(readFileSync(new URL('../packages.json', import.meta.url), 'utf8'));

/** @type {Record<Manager, { ids: string[], install: string }>} */
const MANAGERS = {
  apt: { ids: ['debian', 'ubuntu'], install: 'apt-get install' },
  dnf: { ids: ['fedora', 'rhel', 'centos'], install: 'dnf install' },
  pacman: { ids: ['arch'], install: 'pacman -S --needed' },
  apk: { ids: ['alpine'], install: 'apk add' },
  zypper: { ids: ['suse', 'opensuse', 'sles'], install: 'zypper install' },
};

/**
 * The package manager of a distribution, by the ids it gives itself.
 * @param {string} osRelease text of /etc/os-release
 * @returns {Manager | null}
 */
export function managerOf(osRelease) {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=(.*)$/gm)].flatMap((m) =>
    (m[1] ?? '').replace(/["']/g, '').split(' '),
  );
  for (const [manager, { ids: known }] of Object.entries(MANAGERS)) {
    if (ids.some((id) => known.some((k) => id === k || id.startsWith(`${k}-`))))
      return /** @type {Manager} */ (manager);
  }
  return null;
}

/** Where programs lie: a root shell got by `su` lacks sbin, and Debian keeps those of PostgreSQL and qemu out of PATH. */
function programDirs() {
  const postgres = '/usr/lib/postgresql';
  const versions = existsSync(postgres) ? readdirSync(postgres).map((v) => join(postgres, v, 'bin')) : [];
  return [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/lib/qemu',
    '/usr/libexec',
    ...versions,
  ].filter(Boolean);
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where the compiler has a library of its own; its mere name when it has none.
 * @param {string} name
 */
function runtimeOf(name) {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  return (stdout ?? '').trim();
}

/** @param {string} name @returns {string | undefined} where that program is */
export function programPath(name) {
  return programDirs()
    .map((dir) => join(dir, name))
    .find(executable);
}

/** @param {Package} entry */
function present(entry) {
  if (entry.library) {
    return spawnSync('pkg-config', [`--atleast-version=${entry.version}`, entry.library]).status === 0;
  }
  if (entry.header) return existsSync(join('/usr/include', entry.header));
  if (entry.check) return spawnSync('sh', ['-c', entry.check]).status === 0;
  if (entry.runtime) return isAbsolute(runtimeOf(entry.runtime));
  return (entry.command ?? '').split('|').some((name) => programPath(name) !== undefined);
}

/**
 * What is not there and can be had. On a distribution nobody knows, as on Debian.
 * @param {Package[]} list
 * @param {Manager | null} manager
 */
function missing(list, manager) {
  return list.filter((entry) => entry[manager ?? 'apt'] !== null && !present(entry));
}

/**
 * What to tell somebody for whom we cannot install.
 * @param {Package[]} lacking
 * @param {Manager | null} manager
 * @param {boolean} root
 */
export function advice(lacking, manager, root) {
  const name = (/** @type {Package} */ p) => p[manager ?? 'apt'];
  const had = lacking.filter((p) => name(p) !== null);
  const names = [...new Set(had.map(name))];
  const reasons = had.map((p) => `  ${name(p)}: ${p.why}`);
  if (!manager)
    reasons.push('These are the names Debian uses; install the same things, then run this again.');
  else
    reasons.push(
      `Install them, then run this again:\n  ${root ? '' : 'sudo '}${MANAGERS[manager].install} ${names.join(' ')}`,
    );
  return ['System packages are missing:', ...reasons].join('\n');
}

/**
 * Sees to it that a list's packages are there.
 * @param {Package[]} list
 */
export async function ensurePackages(list) {
  const manager = managerOf(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
  const lacking = missing(list, manager);
  if (lacking.length === 0) return;
  const root = process.getuid?.() === 0;
  if (manager !== 'apt') throw new Stop(advice(lacking, manager, root));
  if (!root) throw new Stop(advice(lacking, manager, root), EXIT.privilege);
  await install(lacking);
  const still = missing(list, manager);
  if (still.length > 0)
    throw new Stop(`Installed, and still not usable here.\n${advice(still, manager, root)}`);
}

/** @param {Package[]} lacking */
async function install(lacking) {
  say('setup: installing system packages with apt-get:');
  for (const entry of lacking) say(`  ${entry.apt}: ${entry.why}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };
  const names = [...new Set(lacking.flatMap((entry) => entry.apt ?? []))];
  // A failed update may still leave lists that are good enough; the installation tells.
  await run('apt-get', ['-qq', 'update'], { env });
  await withoutServices(() =>
    must('Installing packages', 'apt-get', ['-qq', '-y', '--no-install-recommends', 'install', ...names], {
      env,
    }),
  );
  await disableServices(lacking);
}

/**
 * Debian starts a service when its package is installed, unless policy-rc.d says no. Tests start their own servers.
 * @param {() => Promise<void>} body
 */
async function withoutServices(body) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return body();
  const remove = () => rmSync(policy, { force: true });
  process.once('exit', remove); // also when interrupted
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  await body().finally(remove);
}

/**
 * Nor may what was installed for the tests start at the next boot.
 * @param {Package[]} lacking
 */
async function disableServices(lacking) {
  const services = lacking.flatMap((entry) => entry.service ?? []);
  if (services.length > 0 && existsSync('/usr/bin/systemctl'))
    await run('systemctl', ['-q', 'disable', ...services]);
}
