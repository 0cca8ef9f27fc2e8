/**
 * The libraries inside a portable addon, as archives of position-independent code. In: their sources as Debian has them, a sysroot.
 * Out: the sysroot's portable/include and portable/lib, and what each is: versions and licences.
 */
import { closeSync, copyFileSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { must, say } from '../lib/run.js';
import { WORK } from './places.js';

/**
 * @typedef {{ source: string, prefix: string, triple: string, environment: NodeJS.ProcessEnv }} Build `source`: its folder; `prefix`: where it
 *   goes; `triple`: for which machine
 * @typedef {{ licence: string, files: string[], build: (build: Build) => Promise<void> }} Library `licence`: SPDX; `files`: its text
 */

const make = (/** @type {string[]} */ ...words) => ['make', '-s', `-j${availableParallelism()}`, ...words];

/** What it says is for those who look why it failed. @param {Build} build @param {string[]} words */
async function inside({ source, environment }, [command = '', ...words]) {
  const log = join(source, 'portchurn.log');
  const output = openSync(log, 'a');
  await must(`Building a library (${log})`, command, words, { cwd: source, env: environment, output });
  closeSync(output);
}

/** Without what would read compressed debug information, which nothing of ours has. */
const WITHOUT = ['debuginfod', 'libdebuginfod', 'nls'].map((name) => `--disable-${name}`);
const LACKING = ['bzlib', 'lzma', 'zstd'].map((name) => `--without-${name}`);

/** In the order of their needs. @type {Readonly<Record<string, Library>>} */
export const LIBRARIES = {
  zlib: {
    licence: 'Zlib',
    files: ['debian/copyright'],
    async build(build) {
      await inside(build, ['./configure', '--static', `--prefix=${build.prefix}`]);
      await inside(build, make('libz.a'));
      await inside(build, make('install'));
    },
  },
  elfutils: {
    licence: 'GPL-2.0-or-later OR LGPL-3.0-or-later',
    files: ['debian/copyright', 'COPYING-LGPLV3', 'COPYING-GPLV2'],
    async build(build) {
      const { prefix, source, triple, environment } = build;
      const flags = [`CPPFLAGS=-I${prefix}/include`, `LDFLAGS=${environment.LDFLAGS} -L${prefix}/lib`];
      await inside(build, ['./configure', `--host=${triple}`, ...WITHOUT, ...LACKING, ...flags]);
      await inside(build, make('-C', 'lib'));
      await inside(build, make('-C', 'libelf', 'libelf.a'));
      for (const name of ['lib/libeu.a', 'libelf/libelf.a'])
        copyFileSync(join(source, name), join(prefix, 'lib', name.split('/')[1] ?? ''));
      for (const name of ['libelf.h', 'gelf.h', 'nlist.h'])
        copyFileSync(join(source, 'libelf', name), join(prefix, 'include', name));
    },
  },
  libbpf: {
    licence: 'LGPL-2.1-only OR BSD-2-Clause',
    files: ['LICENSE.BSD-2-Clause', 'debian/copyright'],
    async build(build) {
      const { prefix, environment } = build;
      const flags = `CFLAGS=${environment.CFLAGS} -I${prefix}/include`;
      const paths = [`PREFIX=${prefix}`, `LIBDIR=${prefix}/lib`];
      const words = ['BUILD_STATIC_ONLY=1', 'NO_PKG_CONFIG=1', flags, ...paths];
      await inside(build, make('-C', 'src', ...words, 'install', 'install_uapi_headers'));
    },
  },
};

/** @param {string} sources @param {string} name @returns {string} the folder of its sources */
function folderOf(sources, name) {
  const found = readdirSync(sources, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && entry.name.startsWith(`${name}-`),
  );
  if (!found) throw new Error(`no sources of ${name} in ${sources}`);
  return join(sources, found.name);
}

/** @param {string} sources built in there @param {string} sysroot @param {string} triple */
export async function buildLibraries(sources, sysroot, triple) {
  const prefix = join(sysroot, 'portable');
  for (const name of ['include', 'lib']) mkdirSync(join(prefix, name), { recursive: true });
  const environment = {
    CC: `clang --target=${triple} --sysroot=${sysroot} --gcc-toolchain=${sysroot}/usr`,
    CFLAGS: `-O2 -fPIC -g0 -ffile-prefix-map=${WORK}=.`,
    LDFLAGS: '-fuse-ld=lld',
  };
  for (const [name, library] of Object.entries(LIBRARIES)) {
    say(`package: building ${name}`);
    await library.build({ source: folderOf(sources, name), prefix, triple, environment });
  }
}

/** @returns {{ name: string, version: string, licence: string, text: string }[]} what is in a portable addon */
export function linkedLibraries() {
  const sources = join(WORK, 'sources');
  return Object.entries(LIBRARIES).map(([name, { licence, files }]) => {
    const folder = folderOf(sources, name);
    const changes = readFileSync(join(folder, 'debian/changelog'), 'utf8');
    const version = /^\S+ \(([^)]+)\)/.exec(changes)?.[1] ?? '';
    const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
    return { name, version, licence, text };
  });
}
