/**
 * `npm run bench [-- NAME...] [--quick]`: set-up, then the sub-benches (all, or those named), tables on stdout.
 * How to read them, and what was found: bench/README.md.
 */
import { register } from 'node:module';
import { main } from '../scripts/lib/run.js';
import { BUILD, ensure, PREREQUISITES } from '../scripts/lib/steps.js';

await main(async () => {
  await ensure([...PREREQUISITES, ...BUILD]);
  register('./lib/typescript.js', import.meta.url);
  const { bench } = await import('./main.js');
  await bench(process.argv.slice(2));
});
