/**
 * `npm run package -- npm|tar... [--arch arm64]`: packages for machines without a compiler, into out/packages/, each with the list of what is in
 * it, and SHA256SUMS; a tarball for x86-64 unless `--arch` says arm64. The same commit gives the same bytes. Fetches what it is built from with apt and npm; nothing is installed but the
 * system packages that set-up needs.
 */
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';
import { ARCHS } from './package/targets.js';

const KINDS = /** @type {const} */ (['npm', 'tar']);

/** Takes `--arch ARCH` out of the words. @param {string[]} words @returns {import('./package/targets.js').Arch} */
function takeArch(words) {
  const at = words.indexOf('--arch');
  if (at < 0) return 'x64';
  const [, wanted] = words.splice(at, 2);
  const arch = ARCHS.find((name) => name === wanted);
  if (!arch) throw new Stop(`Packages are for ${ARCHS.join(' and ')}: --arch arm64`, 2);
  return arch;
}

/** @param {string[]} words @returns {(typeof KINDS)[number][]} */
function kindsOf(words) {
  const chosen = KINDS.filter((kind) => words.includes(kind));
  if (chosen.length === 0 || chosen.length < words.length)
    throw new Stop(`Say which packages: npm run package -- ${KINDS.join('|')}`, 2);
  return chosen;
}

await main(async () => {
  const words = process.argv.slice(2);
  const arch = takeArch(words);
  const kinds = kindsOf(words);
  await ensurePackages(PACKAGES.packages);
  await ensure([...PREREQUISITES, ...BUILD]);
  /* Imports npm packages, which a fresh clone has only now. */
  const { makePackages } = await import('./package/make.js');
  await makePackages(kinds, arch);
});
