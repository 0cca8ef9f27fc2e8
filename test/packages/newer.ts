/** Packages of Debian 13, for what Debian 12 has too old or not at all. In: a name. Out: the folder it is unpacked in; nothing is installed. */
import { join } from 'node:path';
import { privateApt, unpack, whole } from '../../scripts/lib/apt.js';
import { WORK } from '../../scripts/package/places.js';
import { TARGETS } from '../../scripts/package/targets.js';

const RELEASE = 'trixie';

/** Fetched once. */
export const newer = (name: string): Promise<string> =>
  whole(join(WORK, name), async (partial) => {
    const sources = [{ type: 'deb', release: RELEASE }] as const;
    const apt = await privateApt(join(WORK, `apt-${RELEASE}`), sources, TARGETS.x64.debian);
    await unpack([name], partial, apt);
  });
