/**
 * The files that every package has: the bundle that the clone's `npm start` runs, the page, the portable addon, at the same paths
 * as in the clone, so that what is tested is what ships. In: a build. Out: a folder that runs with any Node from 20 on.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must, ROOT } from '../lib/run.js';
import { PRODUCTION } from '../lib/steps.js';
import { addonOf } from './addon.js';
import { bundledPackages } from './bundled.js';
import { CLIENT, EXPORTS } from './client.js';
import { linkedLibraries } from './libraries.js';
import { MANIFEST, sysrootOf, WORK } from './places.js';

/** @typedef {import('./bundled.js').Part} Part */
/** @typedef {import('./targets.js').Arch} Arch */
/** @typedef {{ parts: Part[], source: { commit: string, time: Date } }} Content of every package: what of others is in it, what it is made of */

const COPIED = ['bin', 'dist/app', 'dist/dashboard', 'docs', 'deploy/systemd', 'CHANGELOG.md', 'LICENSE'];
/** Of no use where nobody debugs the program or changes it. */
const LEFT_OUT = /\.map$|\/docs\/(decisions|screenshots)\b/;
/** The page once more, with source maps that say what is in it. */
const PAGE = join(WORK, 'dashboard');

/** @param {Arch} arch @returns {Part} what the compiler adds */
function runtime(arch) {
  const folder = join(sysrootOf(arch), 'usr/share/doc/gcc-10-base');
  const changes = gunzipSync(readFileSync(join(folder, 'changelog.Debian.gz'))).toString();
  const version = /\(([^)]+)\)/.exec(changes)?.[1] ?? '';
  return {
    name: 'gcc-10',
    version,
    licence: 'GPL-3.0-or-later WITH GCC-exception-3.1',
    text: readFileSync(join(folder, 'copyright'), 'utf8'),
    purl: `pkg:deb/debian/gcc-10@${encodeURIComponent(version)}`,
  };
}

/** @param {Arch} arch whose sysroot is there @returns {Promise<Part[]>} of others, in every package */
export async function parts(arch) {
  const vite = join(ROOT, 'node_modules/.bin/vite');
  const words = [
    'build',
    join(ROOT, 'dashboard'),
    '--outDir',
    PAGE,
    '--emptyOutDir',
    '--sourcemap',
    'hidden',
  ];
  await must('Listing what is in the page', vite, words, PRODUCTION);
  const linked = linkedLibraries().map((library) => ({
    ...library,
    purl: `pkg:deb/debian/${library.name}@${encodeURIComponent(library.version)}?arch=source`,
  }));
  return [...bundledPackages([join(ROOT, 'dist'), PAGE, CLIENT]), ...linked, runtime(arch)];
}

/** What the package says of itself. @param {string} commit @param {readonly Arch[]} cpu */
function manifest(commit, cpu) {
  const { name, version, description, license, type, bin, engines, os } = MANIFEST;
  const machine = { engines, os, cpu, libc: ['glibc'] };
  return { name, version, commit, description, license, type, bin, exports: EXPORTS, ...machine };
}

/**
 * @param {string} folder new
 * @param {string} commit
 * @param {readonly Arch[]} archs
 */
export function stage(folder, commit, archs) {
  rmSync(folder, { recursive: true, force: true });
  for (const path of COPIED)
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, filter: (from) => !LEFT_OUT.test(from) });
  cpSync(CLIENT, join(folder, 'dist/client'), { recursive: true, filter: (from) => !LEFT_OUT.test(from) });
  mkdirSync(join(folder, 'out/Release'), { recursive: true });
  for (const arch of archs) cpSync(addonOf(arch), join(folder, `out/Release/portchurn-${arch}.node`));
  const readme = readFileSync(join(ROOT, 'docs/install.md'), 'utf8').replaceAll('](', '](docs/');
  writeFileSync(join(folder, 'README.md'), readme);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest(commit, archs), null, 2)}\n`);
}
