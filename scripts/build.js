/** `npm run build`: addon, BPF object, test tools, TypeScript, dashboard; only what changed. */
import { main, say } from './lib/run.js';
import { BUILD, ensure } from './lib/steps.js';

await main(async () => {
  if (!(await ensure(BUILD))) say('build: nothing changed');
});
