/**
 * `npm run package -- npm|tar...`: packages for machines without a compiler, into out/packages/, each with the list of what is in it, and
 * SHA256SUMS. The same commit gives the same bytes. Fetches what it is built from with apt and npm; nothing is installed but the
 * system packages that set-up needs.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensurePackages, PACKAGES as SYSTEM } from './lib/packages.js';
import { main, Stop, say } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';
import { buildAddon } from './package/addon.js';
import { buildClient } from './package/client.js';
import { packNpm } from './package/npm.js';
import { PACKAGES, source } from './package/places.js';
import { parts } from './package/stage.js';
import { packTar } from './package/tar.js';

const KINDS = { npm: packNpm, tar: packTar };

/** Of every package that is there. */
function writeSums() {
  const names = readdirSync(PACKAGES).filter((name) => /\.(tgz|tar\.gz|cdx\.json)$/.test(name));
  const sum = (/** @type {string} */ name) =>
    createHash('sha256')
      .update(readFileSync(join(PACKAGES, name)))
      .digest('hex');
  writeFileSync(
    join(PACKAGES, 'SHA256SUMS'),
    names
      .sort()
      .map((name) => `${sum(name)}  ${name}\n`)
      .join(''),
  );
}

/** @param {string[]} words @returns {(keyof typeof KINDS)[]} */
function kindsOf(words) {
  const known = /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS));
  const chosen = known.filter((kind) => words.includes(kind));
  if (chosen.length === 0 || chosen.length < words.length)
    throw new Stop(`Say which packages: npm run package -- ${known.join('|')}`, 2);
  return chosen;
}

await main(async () => {
  const kinds = kindsOf(process.argv.slice(2));
  await ensurePackages(SYSTEM.packages);
  await ensure([...PREREQUISITES, ...BUILD]);
  await buildAddon();
  await buildClient();
  const content = { parts: await parts(), source: source() };
  for (const kind of kinds)
    for (const name of await KINDS[kind](content)) say(`package: out/packages/${name}`);
  writeSums();
});
