/** `npm run lint`: formatters in checking mode, type checks, linters. Exit 1 when one of them has something to say. */
import { lint } from './lib/lint.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';

await main(async () => {
  await ensurePackages(PACKAGES.test.filter((entry) => entry.command?.startsWith('clang-')));
  await ensure([...PREREQUISITES, ...BUILD]);
  const { failed } = await lint();
  return failed === 0 ? 0 : 1;
});
