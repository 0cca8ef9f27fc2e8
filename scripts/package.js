/**
 * `npm run package -- npm|tar|deb|image|all`: packages for machines without a compiler, into out/packages/, each with the list of what is in it, and
 * SHA256SUMS. The same commit gives the same bytes. Fetches what it is built from with apt and npm; nothing is installed but the
 * system packages that set-up needs.
 */
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';

const KINDS = /** @type {const} */ (['npm', 'tar', 'deb', 'image']);

/** The image is made of the tarball. @param {string[]} words @returns {(typeof KINDS)[number][]} */
function kindsOf(words) {
  if (words.join() === 'all') return [...KINDS];
  const chosen = KINDS.filter((kind) => words.includes(kind));
  if (chosen.length === 0 || chosen.length < words.length)
    throw new Stop(`Say which packages: npm run package -- ${KINDS.join('|')}|all`, 2);
  const needed = chosen.includes('image') ? ['tar'] : [];
  return KINDS.filter((kind) => chosen.includes(kind) || needed.includes(kind));
}

await main(async () => {
  const kinds = kindsOf(process.argv.slice(2));
  await ensurePackages([...PACKAGES.packages, ...(kinds.includes('image') ? PACKAGES.image : [])]);
  await ensure([...PREREQUISITES, ...BUILD]);
  /* Imports npm packages, which a fresh clone has only now. */
  const { makePackages } = await import('./package/make.js');
  await makePackages(kinds);
});
