/** `npm run format`: what the formatters can settle by themselves, they settle. */
import { formatters } from './lib/lint.js';
import { main, run } from './lib/run.js';

/** @type {Record<string, string[]>} how the same tool writes instead of checks */
const WRITING = { biome: ['--write'], 'clang-format': ['-i'] };

await main(async () => {
  let failed = false;
  for (const { name, command, args } of formatters()) {
    const kept = args.filter((arg) => !['--dry-run', '-Werror', '--error-on-warnings'].includes(arg));
    failed = (await run(command, [...kept, ...(WRITING[name] ?? [])])) !== 0 || failed;
  }
  return failed ? 1 : 0;
});
