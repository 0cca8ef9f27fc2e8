#!/usr/bin/env node
/** The command `portchurn`. Everything is in src/cli/main.ts; this only says what to do when it was never built. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
const addon = new URL('../out/Release/portchurn.node', import.meta.url);
if ([main, addon].every((file) => existsSync(file))) {
  await import(main.href);
} else {
  process.stderr.write('portchurn: not built yet. Run: npm run setup\n');
  process.exitCode = 1;
}
