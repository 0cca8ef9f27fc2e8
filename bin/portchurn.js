#!/usr/bin/env node
/**
 * The command `portchurn`. Everything is in src/main.ts; this only says what to do when that was never built. A missing
 * addon is said by whoever needs it (src/capture/load-addon.ts): commands that attach to a running service do not.
 */
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('portchurn: not built yet. Run: npm run setup\n');
  process.exitCode = 1;
}
