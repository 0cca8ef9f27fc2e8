/**
 * Whether the tarball for arm64 works: Debian's kernels for it, booted by software emulation, with a Debian of that processor. It sees this
 * checkout with the unpacked tarball over it, so that tests of the kernel tier use the tarball's Node, addon and bundle. In: a build.
 * Out: the name of each test, and the sum.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lackingObjects } from '../../package/addon.js';
import { fetchPackage } from '../../package/fetch.js';
import { nameFor, PACKAGES, sysrootOf, WORK } from '../../package/places.js';
import { relativeLinks } from '../../package/sysroot.js';
import { TARGETS } from '../../package/targets.js';
import { mirror, privateApt, QUIET, whole } from '../apt.js';
import { failure, PASS, sumOf, within } from '../count.js';
import { must, ROOT, say } from '../run.js';
import { countReport } from '../tiers.js';
import { testOn } from './guest.js';
import { DIRECTORY, fetchKernel } from './kernel.js';
import { ARM64 } from './machine.js';

/** @typedef {import('../tiers.js').Report} Report */

/** @typedef {{ release: string, series: string, parts: readonly string[] }} Boot `release`: of Debian, whose kernel it is; `parts`: files of the kernel tier */

/** Of the root that every kernel is booted with. */
const RELEASE = 'bookworm';
/**
 * What loads and traces, how connections end, and what ports are held: two tests of the budget need a kernel that lists idle binds, from
 * 6.8 on.
 * @type {readonly Boot[]}
 */
const BOOTS = [
  { release: 'bookworm', series: '6.1', parts: ['surfaces', 'tracer', 'endings'] },
  { release: 'trixie', series: '6.12', parts: ['surfaces', 'budget'] },
];
/** Each. On an idle machine it takes a third of that. */
const MINUTES = 45;

/** What tests and the guest's script call. */
const PROGRAMS = ['bash', 'busybox-static', 'coreutils', 'dash', 'grep', 'hostname', 'iproute2', 'iptables'];
const MORE_PROGRAMS = ['kmod', 'libstdc++6', 'mount', 'procps', 'python3', 'sed', 'util-linux'];
/** What test programs are compiled with: they call what the addon's older sysroot lacks. */
const DEVELOPMENT = ['libc6-dev', 'libgcc-12-dev', 'libstdc++-12-dev', 'linux-libc-dev'];
const TEST_PROGRAMS = ['churngen', 'bpfprogs'];
/** Packages of the checkout that are for one processor, and that vitest needs. */
const BINDINGS = ['@rolldown/binding-linux-arm64-gnu', 'lightningcss-linux-arm64-gnu'];

/** Unpacked, not installed: nothing of arm64 runs here. @returns {Promise<string>} its folder */
const system = () =>
  whole(join(WORK, `debian-${RELEASE}-arm64`), async (partial) => {
    const include = `--include=${[...PROGRAMS, ...MORE_PROGRAMS, ...DEVELOPMENT].join(',')}`;
    const options = ['--quiet', '--variant=extract', '--architectures=arm64', include];
    await must('Unpacking a Debian', 'mmdebstrap', [...options, RELEASE, partial, mirror()], { env: QUIET });
    /* Its installation would make these links. */
    for (const name of ['iptables', 'ip6tables'])
      symlinkSync('xtables-nft-multi', join(partial, 'usr/sbin', name));
    /* The guest's kernel fills it. */
    for (const name of readdirSync(join(partial, 'dev')))
      rmSync(join(partial, 'dev', name), { recursive: true });
    relativeLinks(partial);
    symlinkSync(join(sysrootOf('arm64'), 'portable'), join(partial, 'portable'));
  });

/** @param {string} root a Debian of arm64 @returns {Promise<string>} the folder of the test programs */
async function testPrograms(root) {
  const out = join(WORK, 'tools-arm64');
  const triple = `--CDTRIPLE=${TARGETS.arm64.triple}`;
  for (const target of TEST_PROGRAMS) {
    const words = ['build', '--out', out, '--target', target, '--log-level', 'warn'];
    const options = ['--CDPORTABLE=ON', `--CDSYSROOT=${root}`, triple];
    await must('Building a test program', join(ROOT, 'node_modules/.bin/cmake-js'), [...words, ...options]);
  }
  return join(out, 'tools');
}

/** @param {string} root as above @returns {Promise<string>} a folder that lies over the checkout: the tarball, test programs and npm packages for arm64 */
async function layer(root) {
  const folder = join(WORK, 'layer-arm64');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const file = join(PACKAGES, `${nameFor('arm64')}.tar.gz`);
  await must('Unpacking the tarball', 'tar', ['-xzf', file, '-C', folder, '--strip-components=1']);
  await must('Copying programs', 'cp', ['-r', await testPrograms(root), join(folder, 'out/tools')]);
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  for (const name of BINDINGS) {
    const path = `node_modules/${name}`;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const fetched = await fetchPackage({ name, ...packages[path] });
    await must('Copying a package', 'cp', ['-r', fetched, join(folder, path)]);
  }
  return folder;
}

/** @param {Boot} boot */
async function kernelOf({ release, series }) {
  const apt = await privateApt(join(DIRECTORY, `apt-arm64-${release}`), [{ type: 'deb', release }], 'arm64');
  return fetchKernel({ series, flavour: 'arm64' }, apt);
}

/** @param {string} series @param {Report | null} report */
function printNames(series, report) {
  for (const { assertionResults } of report?.testResults ?? [])
    for (const { status, fullName } of assertionResults)
      console.log(`arm64: ${series}: ${status}: ${fullName}`);
}

/** @param {string} folder of the tarball's files @returns {import('../count.js').Count} one test: it loads what the clone's addon loads */
function compareObjects(folder) {
  const lacking = lackingObjects(join(folder, 'out/Release/portchurn-arm64.node'));
  if (lacking.length > 0) return failure(`arm64: other BPF objects than the clone's: ${lacking.join(' ')}`);
  console.log('arm64: passed: the BPF objects in the addon are byte for byte those of the clone');
  return PASS;
}

/** @param {Boot} boot @param {Pick<import('./guest.js').Job, 'idle' | 'host'>} how @returns {Promise<import('../count.js').Count>} */
async function testBoot(boot, how) {
  const files = boot.parts.map((name) => `test/kernel/${name}.test.ts`);
  const { report, console } = await testOn({ kernel: await kernelOf(boot), files, minutes: MINUTES, ...how });
  printNames(boot.series, report);
  const count = countReport(report, 0);
  if (count.failed > 0) say(console.slice(-20_000));
  return within(count, `arm64 ${boot.series}`);
}

/** @param {{ idle?: boolean }} [options] @returns {Promise<import('../count.js').Count>} */
export async function testArm64({ idle = false } = {}) {
  const words = [join(ROOT, 'scripts/package.js'), 'tar', '--arch', 'arm64'];
  await must('Making the package', process.execPath, words);
  mkdirSync(DIRECTORY, { recursive: true });
  const root = await system();
  const over = await layer(root);
  const counts = [compareObjects(over)];
  const view = { busybox: join(root, 'bin/busybox'), root, layer: over };
  const host = { machine: ARM64, view, node: join(ROOT, 'node/bin/node'), busybox: '/bin/busybox' };
  for (const boot of BOOTS) counts.push(await testBoot(boot, { idle, host }));
  return sumOf(counts);
}
