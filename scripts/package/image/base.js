/**
 * The system below the image: what every Debian has, from the mirrors that this machine uses, no registry. In: these mirrors. Out:
 * BASE, and which packages are in it.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { mirror, mirrorOf, whole } from '../../lib/apt.js';
import { must } from '../../lib/run.js';
import { WORK } from '../places.js';

/** @typedef {import('../bundled.js').Part} Part */

const RELEASE = 'bookworm';
const FOLDER = join(WORK, `image-base-${RELEASE}`);
export const BASE = join(FOLDER, 'root.tar');
/** The day of that release, Unix s: no file is newer, whichever commit is packed. */
export const BASE_TIME = Date.parse('2023-06-10') / 1000;

/** Nobody reads them in a container; the licences stay. */
const LEFT_OUT = ['man', 'locale', 'info', 'lintian'].map(
  (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
);

/** @returns {string[]} lines of sources.list(5): the release, and its security updates where this machine has them */
function sources() {
  const security = mirrorOf('-security');
  const release = `deb ${mirror()} ${RELEASE} main`;
  return security === null ? [release] : [release, `deb ${security} ${RELEASE}-security main`];
}

export async function ensureBase() {
  const env = { SOURCE_DATE_EPOCH: String(BASE_TIME) };
  await whole(FOLDER, async (partial) => {
    const options = ['--quiet', '--variant=minbase', '--aptopt=Acquire::Retries "3"', ...LEFT_OUT];
    const words = [...options, RELEASE, join(partial, 'root.tar'), ...sources()];
    await must('Making the system of the image', 'mmdebstrap', words, { env });
  });
}

/**
 * @param {string} status as /var/lib/dpkg/status
 * @returns {Part[]} each package; its licences are the file of the image that it names
 */
export function packagesOf(status) {
  return status.split('\n\n').flatMap((stanza) => {
    const field = (/** @type {string} */ name) => new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1] ?? '';
    const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map(field);
    if (!name || !version) return [];
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return [{ name, version, licence: `/usr/share/doc/${name}/copyright`, text: '', purl }];
  });
}

/** @returns {Part[]} */
export const baseParts = () =>
  packagesOf(execFileSync('tar', ['-xOf', BASE, './var/lib/dpkg/status'], { encoding: 'utf8' }));
