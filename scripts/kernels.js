/**
 * `npm run test:kernels [-- --all] [-- --write]`: set-up, then the kernel tier's tests on the running kernel and on stock
 * ones; `--all` runs the whole tier there, `--write` puts the result into README's support table. One line per kernel; the
 * last line is the sum.
 */
import { conclude } from './lib/count.js';
import { runMatrix } from './lib/kernels/matrix.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';

const FLAGS = ['--all', '--write'];

await main(async () => {
  const flags = process.argv.slice(2);
  const unknown = flags.find((flag) => !FLAGS.includes(flag));
  if (unknown) throw new Stop(`There is no flag "${unknown}". Flags: ${FLAGS.join(' ')}`, 2);
  await ensurePackages([...PACKAGES.test, ...PACKAGES.kernels]);
  await ensure([...PREREQUISITES, ...BUILD]);
  return conclude(await runMatrix({ all: flags.includes('--all'), write: flags.includes('--write') }));
});
