/** What a Debian package says of itself. In: its files, versions, the time of the commit. Out: texts of its control files and documents. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../lib/run.js';
import { MANIFEST } from '../places.js';

/** @typedef {import('../bundled.js').Part} Part */

/** Of the package, behind the program's own version. */
const REVISION = 1;
const VERSION = `${MANIFEST.version}-${REVISION}`;
/** The file's name. */
export const DEB = `portchurn_${VERSION}_amd64.deb`;
const MAINTAINER = 'The portchurn authors <portchurn@packages.debian.org>';

/** What Node needs; the addon needs less. Debian 11 and Ubuntu 20.04 have newer ones. */
const DEPENDS = ['libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6 (>= 7)'];

/** @param {number} kibibytes of the files @returns {string} DEBIAN/control */
export const controlOf = (kibibytes) => `Package: portchurn
Version: ${VERSION}
Architecture: amd64
Maintainer: ${MAINTAINER}
Installed-Size: ${kibibytes}
Depends: ${DEPENDS.join(', ')}
Section: net
Priority: optional
Description: find the process that burns the ephemeral TCP ports
 portchurn traces each TCP connection by eBPF and says which process opens
 them, toward which destination, how many local ports that holds in
 TIME_WAIT, when they run out, and what to change.
 .
 It has a service with a web page, Prometheus metrics and a WebSocket, and
 commands for a terminal. The kernel must be 5.12 or newer with BTF. Node.js
 is inside.
`;

/** @param {Date} time @returns {string} changelog.Debian */
export const changelogOf = (time) => `portchurn (${VERSION}) unstable; urgency=medium

  * What a user notices is in changelog.gz beside this file.

 -- ${MAINTAINER}  ${time.toUTCString().replace('GMT', '+0000')}
`;

/** @param {readonly Part[]} parts @returns {string} copyright */
export function copyrightOf(parts) {
  const licence = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  const names = parts.map(({ name, version, licence }) => `  ${name} ${version}: ${licence}\n`).sort();
  return `portchurn is

${licence}
This package holds, besides, parts of the following, each with its licence. The copyright notices and the texts of the licences are in
LICENCES.txt.gz beside this file. On Debian systems the complete texts of the GNU General Public License (versions 2 and 3) and of the GNU
Lesser General Public License (versions 2.1 and 3) are in /usr/share/common-licenses/GPL-2, GPL-3, LGPL-2.1 and LGPL-3.

${names.join('')}`;
}
