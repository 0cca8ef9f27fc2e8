/** One npm package, fetched once and unpacked, not installed. In: its name, version and hash. Out: its folder below WORK. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { whole } from '../lib/apt.js';
import { must, Stop } from '../lib/run.js';
import { WORK } from './places.js';

/**
 * npm checks what comes against the registry, this what the registry says.
 * @param {{ name: string, version: string, integrity: string }} wanted
 * @returns {Promise<string>}
 */
export async function fetchPackage({ name, version, integrity }) {
  const folder = await whole(join(WORK, `${name.replaceAll('/', '-')}-${version}`), async (partial) => {
    const words = ['pack', '--json', '--pack-destination', partial, `${name}@${version}`];
    const [packed] = JSON.parse(
      execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    if (packed?.integrity !== integrity)
      throw new Stop(`${name}@${version} is not what it was: ${packed?.integrity}`);
    await must('Unpacking an npm package', 'tar', ['-xzf', join(partial, packed.filename), '-C', partial]);
  });
  return join(folder, 'package');
}
