/** Makes packages. In: a build, which kinds. Out: files in out/packages/, and SHA256SUMS of all that are there. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from '../lib/run.js';
import { buildAddon } from './addon.js';
import { buildClient } from './client.js';
import { packDeb } from './deb/deb.js';
import { packImage } from './image/image.js';
import { packNpm } from './npm.js';
import { PACKAGES, source } from './places.js';
import { parts } from './stage.js';
import { packTar } from './tar.js';

const KINDS = { npm: packNpm, tar: packTar, deb: packDeb, image: packImage };

/** @param {string} name of a file in PACKAGES */
const sumOf = (name) =>
  createHash('sha256')
    .update(readFileSync(join(PACKAGES, name)))
    .digest('hex');

function writeSums() {
  const names = readdirSync(PACKAGES).filter((name) => /\.(tgz|tar\.gz|oci\.tar|deb|cdx\.json)$/.test(name));
  const lines = names.sort().map((name) => `${sumOf(name)}  ${name}\n`);
  writeFileSync(join(PACKAGES, 'SHA256SUMS'), lines.join(''));
}

/** @param {ReturnType<typeof import('./choice.js').choiceOf>} choice */
export async function makePackages({ kinds, archs }) {
  for (const arch of archs) await buildAddon(arch);
  await buildClient();
  /* The same for each of them. */
  const [any = 'x64'] = archs;
  const content = { parts: await parts(any), source: source(), archs };
  for (const kind of kinds)
    for (const name of await KINDS[kind](content)) say(`package: out/packages/${name}`);
  writeSums();
}
