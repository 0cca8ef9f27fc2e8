/**
 * `npm run soak [-- MINUTES]`: set-up, then well-configured programs under the service for ten minutes, or as many as asked:
 * nobody may be told to act. Then four incidents at once beside a healthy stack, for as long: each stays one. Exit 0 when all was so.
 */
import { conclude, sumOf } from './lib/count.js';
import { ensurePackages, PACKAGES } from './lib/packages.js';
import { main, Stop } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';
import { runTier } from './lib/tiers.js';

const TEN = '10';

await main(async () => {
  const minutes = process.argv[2] ?? TEN;
  if (!(Number(minutes) > 0)) throw new Stop(`"${minutes}" is no number of minutes`, 2);
  await ensurePackages(PACKAGES.test);
  await ensure([...PREREQUISITES, ...BUILD]);
  process.env.SOAK_MINUTES = minutes;
  const healthy = await runTier('load', { files: ['soak'] });
  const incidents = await runTier('e2e', { files: ['incident-rows'] });
  return conclude(sumOf([healthy, incidents]));
});
