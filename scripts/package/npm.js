/** The npm tarball: one package for all processors, without dependencies and without scripts. In: a build. Out: portchurn-VERSION.tgz. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST, PACKAGES, WORK } from './places.js';
import { licencesOf, sbomOf } from './sbom.js';
import { stage } from './stage.js';

/**
 * @param {import('./stage.js').Content & { archs: readonly import('./targets.js').Arch[] }} content
 * @returns {string[]} names of files in PACKAGES
 */
export function packNpm({ parts, source, archs }) {
  const folder = join(WORK, 'npm');
  stage(folder, source.commit, archs);
  const sbom = sbomOf(parts, source);
  writeFileSync(join(folder, 'LICENCES.txt'), licencesOf(parts));
  writeFileSync(join(folder, 'sbom.cdx.json'), sbom);
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', PACKAGES];
  execFileSync('npm', words, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const name = `portchurn-${MANIFEST.version}.tgz`;
  writeFileSync(join(PACKAGES, `${name}.cdx.json`), sbom);
  return [name, `${name}.cdx.json`];
}
