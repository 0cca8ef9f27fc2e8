/** Before the tier: tarball and Debian package, made as a user of the clone makes them; meanwhile the systems that they are installed in. */
import { system } from '../debian.js';
import { makePackages } from '../make.js';
import { RELEASES } from './releases.js';

/** One after the other: each downloads for most of the time. */
async function systems(): Promise<void> {
  for (const release of RELEASES) await system(release);
}

export default async function setup(): Promise<void> {
  await Promise.all([makePackages('tar', 'deb'), systems()]);
}
