/** Makes packages. In: a build, which kinds. Out: files in out/packages/, and SHA256SUMS of all that are there. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from '../lib/run.js';
import { buildAddon } from './addon.js';
import { buildClient } from './client.js';
import { packNpm } from './npm.js';
import { PACKAGES, source } from './places.js';
import { parts } from './stage.js';
import { packTar } from './tar.js';
import { ARCHS } from './targets.js';

const KINDS = { npm: packNpm, tar: packTar };

/** @param {string} name of a file in PACKAGES */
const sumOf = (name) =>
  createHash('sha256')
    .update(readFileSync(join(PACKAGES, name)))
    .digest('hex');

function writeSums() {
  const names = readdirSync(PACKAGES).filter((name) => /\.(tgz|tar\.gz|cdx\.json)$/.test(name));
  const lines = names.sort().map((name) => `${sumOf(name)}  ${name}\n`);
  writeFileSync(join(PACKAGES, 'SHA256SUMS'), lines.join(''));
}

/**
 * @param {readonly (keyof typeof KINDS)[]} kinds
 * @param {import('./targets.js').Arch} arch of the packages that are for one processor
 */
export async function makePackages(kinds, arch) {
  for (const needed of kinds.includes('npm') ? ARCHS : [arch]) await buildAddon(needed);
  await buildClient();
  const content = { parts: await parts(arch), source: source(), arch };
  for (const kind of kinds)
    for (const name of await KINDS[kind](content)) say(`package: out/packages/${name}`);
  writeSums();
}
