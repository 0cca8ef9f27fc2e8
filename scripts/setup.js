/**
 * `npm run setup`: system packages, npm packages, build. Needs nothing but Node and npm. Does only what is not done yet.
 * Messages go to stderr. Exit codes: 0 ready, 1 failed or another distribution's turn, 77 packages need root, 130 interrupted.
 */
import { main, say } from './lib/run.js';
import { BUILD, ensure, PREREQUISITES } from './lib/steps.js';

await main(async () => {
  const worked = await ensure([...PREREQUISITES, ...BUILD]);
  if (worked) say('setup: done');
});
