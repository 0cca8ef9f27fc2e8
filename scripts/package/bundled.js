/**
 * The npm packages whose code is inside the bundles, told by the bundles' source maps. In: folders of bundles. Out: each package
 * with version, licence and the text of it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, Stop } from '../lib/run.js';

/** @typedef {{ name: string, version: string, licence: string, text: string, purl: string, integrity?: string }} Part of a package; `licence`: SPDX, or the file of the package that says it */

/** @param {string} map text of a source map @returns {string[]} paths below the root of this checkout: node_modules/NAME, also nested */
export function packagesIn(map) {
  const { sources } = /** @type {{ sources: string[] }} */ (JSON.parse(map));
  return sources
    .flatMap(
      (source) =>
        /.*?(node_modules\/.*node_modules\/|node_modules\/)(@[^/]+\/)?[^/]+/.exec(source)?.[0] ?? [],
    )
    .map((path) => path.slice(path.indexOf('node_modules/')));
}

/** @param {string} folder of a package @returns {string} */
function licenceText(folder) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return names
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8').trim())
    .join('\n\n');
}

/** @param {string} path node_modules/NAME @param {Record<string, { integrity?: string }>} lock @returns {Part} */
function partOf(path, lock) {
  const folder = join(ROOT, path);
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (typeof license !== 'string') throw new Stop(`${path} does not say its licence`);
  const integrity = lock[path]?.integrity;
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    name,
    version,
    licence: license,
    text: licenceText(folder),
    purl,
    ...(integrity && { integrity }),
  };
}

/** @param {string[]} folders with bundles and their source maps @returns {Part[]} by name */
export function bundledPackages(folders) {
  const maps = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.map'))
      .map((name) => readFileSync(join(folder, name), 'utf8')),
  );
  const paths = [...new Set(maps.flatMap(packagesIn))].sort();
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages;
  return paths
    .filter((path) => existsSync(join(ROOT, path, 'package.json')))
    .map((path) => partOf(path, lock));
}
