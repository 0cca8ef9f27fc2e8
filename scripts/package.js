/**
 * `npm run package -- npm|tar|deb|image|all [--arch x64|arm64]`: packages for machines without a compiler, into out/packages/, each with the
 * list of what is in it, and SHA256SUMS. `all` is what is released, for both processors; otherwise they are for x64, or for each that `--arch`
 * names. The same commit gives the same bytes. Fetches what it is built from with apt and npm; nothing is installed but the system packages
 * that set-up needs.
 */
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';
import { choiceOf } from './package/choice.js';

await main(async () => {
  const choice = choiceOf(process.argv.slice(2));
  await ensurePackages([...PACKAGES.packages, ...(choice.kinds.includes('image') ? PACKAGES.image : [])]);
  await ensure([...PREREQUISITES, ...BUILD]);
  /* Imports npm packages, which a fresh clone has only now. */
  const { makePackages } = await import('./package/make.js');
  await makePackages(choice);
});
