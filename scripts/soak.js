/**
 * `npm run soak [-- MINUTES] [--load]`: set-up, then well-configured programs under the service for ten minutes, or as many as asked:
 * nobody may be told to act. Then four incidents at once beside a healthy stack, for as long: each stays one. `--load`: the
 * well-configured programs run beside twenty loops that only compute. Exit 0 when all was so.
 */
import { conclude, sumOf } from './lib/count.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';
import { loadMachine, runTier } from './lib/tiers.js';

const TEN = '10';

function besideLoops() {
  loadMachine();
  return runTier('load', { files: ['soak'] });
}

await main(async () => {
  const words = process.argv.slice(2);
  const minutes = words.find((word) => word !== '--load') ?? TEN;
  if (!(Number(minutes) > 0)) throw new Stop(`"${minutes}" is no number of minutes`, 2);
  await ensurePackages(PACKAGES.test);
  await ensure([...PREREQUISITES, ...BUILD]);
  process.env.SOAK_MINUTES = minutes;
  if (words.includes('--load')) return conclude(await besideLoops());
  const healthy = await runTier('load', { files: ['soak'] });
  const incidents = await runTier('operator', { files: ['incident-rows'] });
  return conclude(sumOf([healthy, incidents]));
});
