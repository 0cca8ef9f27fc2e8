#!/usr/bin/env node
/**
 * The command `portchurn`. Everything is in src/main.ts, bundled; this only says what to do when that was never built. A missing
 * addon is said by whoever needs it (src/capture/load-addon.ts): commands that attach to a running service do not.
 */
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const main = new URL('../dist/app/main.js', import.meta.url);
if (existsSync(main)) {
  /* Node 22 and newer keep compiled code in a directory below the system's for temporary files. */
  /** @type {{ enableCompileCache?: () => unknown }} */ (nodeModule).enableCompileCache?.();
  await import(main.href);
} else {
  process.stderr.write('portchurn: not built yet. Run: npm run setup\n');
  process.exitCode = 1;
}
