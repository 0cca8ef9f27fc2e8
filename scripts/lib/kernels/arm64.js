/**
 * Whether the tarball for arm64 works: Debian's kernel for it, booted by software emulation, with a Debian of that processor. It sees this
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
import { failure, PASS, sumOf } from '../count.js';
import { must, ROOT, say } from '../run.js';
import { countReport } from '../tiers.js';
import { testOn } from './guest.js';
import { DIRECTORY, fetchKernel } from './kernel.js';
import { ARM64 } from './machine.js';

/** @typedef {import('../tiers.js').Report} Report */

const RELEASE = 'bookworm';
/** What loads and traces, and how connections end. Two tests of budget.test.ts need a kernel that lists idle binds, from 6.8 on. */
const FILES = ['surfaces', 'tracer', 'endings'].map((name) => `test/kernel/${name}.test.ts`);
/** On an idle machine it takes a third of that. */
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

async function kernel() {
  const apt = await privateApt(join(DIRECTORY, 'apt-arm64'), [{ type: 'deb', release: RELEASE }], 'arm64');
  return fetchKernel({ series: '6.1', flavour: 'arm64' }, apt);
}

/** @param {Report | null} report */
function printNames(report) {
  for (const { assertionResults } of report?.testResults ?? [])
    for (const { status, fullName } of assertionResults) console.log(`arm64: ${status}: ${fullName}`);
}

/** @param {string} folder of the tarball's files @returns {import('../count.js').Count} one test: it loads what the clone's addon loads */
function compareObjects(folder) {
  const lacking = lackingObjects(join(folder, 'out/Release/portchurn-arm64.node'));
  if (lacking.length > 0) return failure(`arm64: other BPF objects than the clone's: ${lacking.join(' ')}`);
  console.log('arm64: passed: the BPF objects in the addon are byte for byte those of the clone');
  return PASS;
}

/** @param {{ idle?: boolean }} [options] @returns {Promise<import('../count.js').Count>} */
export async function testArm64({ idle = false } = {}) {
  const words = [join(ROOT, 'scripts/package.js'), 'tar', '--arch', 'arm64'];
  await must('Making the package', process.execPath, words);
  mkdirSync(DIRECTORY, { recursive: true });
  const root = await system();
  const over = await layer(root);
  const objects = compareObjects(over);
  const view = { busybox: join(root, 'bin/busybox'), root, layer: over };
  const host = { machine: ARM64, view, node: join(ROOT, 'node/bin/node'), busybox: '/bin/busybox' };
  const { report, console } = await testOn({
    kernel: await kernel(),
    files: FILES,
    minutes: MINUTES,
    idle,
    host,
  });
  printNames(report);
  const count = countReport(report, 0);
  if (count.failed > 0) say(console.slice(-20_000));
  return sumOf([objects, count]);
}
