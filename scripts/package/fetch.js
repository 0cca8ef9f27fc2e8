/** One npm package, fetched and unpacked, not installed. In: its name, version and hash. Out: its folder below WORK. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must, Stop } from '../lib/run.js';
import { WORK } from './places.js';

/**
 * npm checks what comes against the registry, this what the registry says.
 * @param {{ name: string, version: string, integrity: string }} wanted
 * @returns {Promise<string>}
 */
export async function fetchPackage({ name, version, integrity }) {
  const folder = join(WORK, `${name.replaceAll('/', '-')}-${version}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const words = ['pack', '--json', '--pack-destination', folder, `${name}@${version}`];
  const [packed] = JSON.parse(
    execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  if (packed?.integrity !== integrity)
    throw new Stop(`${name}@${version} is not what it was: ${packed?.integrity}`);
  await must('Unpacking an npm package', 'tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  return join(folder, 'package');
}
