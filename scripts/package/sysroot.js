/**
 * What a portable addon is built against: headers and libraries of Debian 11, unpacked by an apt of its own, and in portable/ the
 * libraries that are linked into the addon, from the sources of Debian 12. In: this machine's Debian mirror. Out: a sysroot per processor.
 */
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { privateApt, unpack, unpackSources, whole } from '../lib/apt.js';
import { buildLibraries, LIBRARIES } from './libraries.js';
import { sysrootOf, WORK } from './places.js';
import { TARGETS } from './targets.js';

/** Its glibc is 2.31; of that the addon uses what 2.28 has (native/portable.h). */
const OLD = 'bullseye';
/** Its libbpf is new enough. */
const SOURCES = 'bookworm';
/** What a C++ program needs to be compiled and linked. */
const DEVELOPMENT = [
  'gcc-10-base',
  'libc6',
  'libc6-dev',
  'libcrypt-dev',
  'libgcc-10-dev',
  'libgcc-s1',
  'libstdc++-10-dev',
  'linux-libc-dev',
];

/** A link to /lib/… means this machine's: it becomes one to the same file below the root. @param {string} root */
export function relativeLinks(root) {
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    const path = join(root, name);
    if (!lstatSync(path).isSymbolicLink() || !readlinkSync(path).startsWith('/')) continue;
    const target = join(root, readlinkSync(path));
    rmSync(path);
    symlinkSync(relative(dirname(path), target), path);
  }
}

/** @param {import('./targets.js').Arch} arch */
export async function ensureSysroot(arch) {
  const sysroot = sysrootOf(arch);
  if (existsSync(sysroot)) return;
  mkdirSync(WORK, { recursive: true });
  const { debian, triple } = TARGETS[arch];
  const releases = /** @type {const} */ ([
    { type: 'deb', release: OLD },
    { type: 'deb-src', release: SOURCES },
  ]);
  const apt = await privateApt(join(WORK, `apt-${arch}`), releases, debian);
  const sources = await whole(join(WORK, 'sources'), (partial) =>
    unpackSources(Object.keys(LIBRARIES), partial, apt),
  );
  await whole(sysroot, async (partial) => {
    await unpack(DEVELOPMENT, partial, apt);
    relativeLinks(partial);
    const copy = join(partial, 'sources');
    cpSync(sources, copy, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    await buildLibraries(copy, partial, triple);
    rmSync(copy, { recursive: true });
  });
}
