/** Lint of package-lock.json: exit 1 when an entry has no hash, so that npm would install whatever it is given. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unverified } from './dependencies.js';
import { ROOT } from './run.js';

const path = process.argv[2] ?? join(ROOT, 'package-lock.json');
const found = unverified(JSON.parse(readFileSync(path, 'utf8')).packages);
for (const entry of found)
  process.stderr.write(`${path}: ${entry} has no integrity; npm view NAME@VERSION dist.integrity\n`);
process.exitCode = found.length > 0 ? 1 : 0;
