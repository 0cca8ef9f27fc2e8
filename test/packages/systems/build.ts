/** Before the tier: tarball and Debian package, made as a user of the clone makes them; meanwhile the systems that they are installed in. */
import { ROOT } from '../../../scripts/lib/run.js';
import { must } from '../../support/process.js';
import { system } from '../debian.js';
import { RELEASES } from './releases.js';

const WITHIN_MS = 900_000;

/** One after the other: each downloads for most of the time. */
async function systems(): Promise<void> {
  for (const release of RELEASES) await system(release);
}

export default async function setup(): Promise<void> {
  const words = ['npm', 'run', '--silent', 'package', '--', 'tar', 'deb'];
  await Promise.all([must(words, { cwd: ROOT, withinMs: WITHIN_MS }), systems()]);
}
