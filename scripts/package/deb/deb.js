/**
 * The Debian package: the program of the tarball in /usr/lib/portchurn, and around it what a Debian system expects of a service. In: a
 * build. Out: portchurn_VERSION_amd64.deb.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { must, ROOT } from '../../lib/run.js';
import { MANIFEST, PACKAGES, WORK } from '../places.js';
import { standalone } from '../tar.js';
import { changelogOf, controlOf, copyrightOf, DEB } from './control.js';
import { manualPages } from './manual.js';
import { checksumsOf, kibibytesOf } from './tree.js';
import { CONFIGURATION, serviceOf } from './unit.js';

/** @typedef {import('../bundled.js').Part} Part */
/** @typedef {{ commit: string, time: Date }} Source */

const TREE = join(WORK, 'deb');
const PROGRAM = join(TREE, 'usr/lib/portchurn');
const DOCUMENTS = 'usr/share/doc/portchurn';
const OWN = join(ROOT, 'scripts/package/deb');
/** What dpkg runs. */
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
/** Where each shell looks. */
const COMPLETIONS = {
  bash: 'usr/share/bash-completion/completions/portchurn',
  zsh: 'usr/share/zsh/vendor-completions/_portchurn',
  fish: 'usr/share/fish/vendor_completions.d/portchurn.fish',
};

/** Any more takes minutes, and saves little. */
const COMPRESSION = ['-Zxz', '-z1'];

/** @param {string} path below the root of the target @param {string | Buffer} content */
function write(path, content) {
  mkdirSync(dirname(join(TREE, path)), { recursive: true });
  writeFileSync(join(TREE, path), content);
}

/** Without a time and a name. @param {string | Buffer} input */
const gzip = (input) => execFileSync('gzip', ['-9n'], { input, maxBuffer: 1 << 28 });

/** What people read lies where they look for it. @param {readonly Part[]} parts @param {Source} source */
function writeDocuments(parts, source) {
  mkdirSync(join(TREE, DOCUMENTS), { recursive: true });
  for (const name of ['docs', 'README.md', 'sbom.cdx.json'])
    renameSync(join(PROGRAM, name), join(TREE, DOCUMENTS, name));
  write(`${DOCUMENTS}/changelog.gz`, gzip(readFileSync(join(PROGRAM, 'CHANGELOG.md'))));
  write(`${DOCUMENTS}/LICENCES.txt.gz`, gzip(readFileSync(join(PROGRAM, 'LICENCES.txt'))));
  write(`${DOCUMENTS}/changelog.Debian.gz`, gzip(changelogOf(source.time)));
  write(`${DOCUMENTS}/copyright`, copyrightOf(parts));
  for (const name of ['CHANGELOG.md', 'LICENCES.txt', 'LICENSE', 'deploy'])
    rmSync(join(PROGRAM, name), { recursive: true });
}

/** Of the program as it is packed. @param {Date} time */
async function writeHelp(time) {
  const command = join(PROGRAM, 'bin/portchurn');
  for (const [shell, path] of Object.entries(COMPLETIONS))
    write(path, execFileSync(command, ['completion', shell]));
  for (const [name, text] of await manualPages({ version: MANIFEST.version, time }))
    write(`usr/share/man/man1/${name}.1.gz`, gzip(text));
}

function writeService() {
  const { unit, configuration } = serviceOf(
    readFileSync(join(ROOT, 'deploy/systemd/portchurn.service'), 'utf8'),
  );
  write('usr/lib/systemd/system/portchurn.service', unit);
  write(CONFIGURATION, configuration);
}

/** What is for dpkg alone. */
function writeControl() {
  const control = controlOf(kibibytesOf(TREE));
  const sums = checksumsOf(TREE);
  write('DEBIAN/control', control);
  write('DEBIAN/md5sums', sums);
  write('DEBIAN/conffiles', `${CONFIGURATION}\n`);
  for (const name of SCRIPTS) copyFileSync(join(OWN, name), join(TREE, 'DEBIAN', name));
}

/** @param {Part[]} parts @param {Source} source */
async function fill(parts, source) {
  rmSync(TREE, { recursive: true, force: true });
  const all = await standalone(PROGRAM, 'x64', { parts, source });
  mkdirSync(join(TREE, 'usr/bin'));
  symlinkSync('../lib/portchurn/bin/portchurn', join(TREE, 'usr/bin/portchurn'));
  writeDocuments(all, source);
  await writeHelp(source.time);
  writeService();
  write('usr/share/lintian/overrides/portchurn', readFileSync(join(OWN, 'lintian-overrides')));
  writeControl();
  const programs = SCRIPTS.map((name) => join(TREE, 'DEBIAN', name));
  await must('Setting modes', 'chmod', ['-R', 'u=rwX,go=rX', TREE]);
  await must('Setting modes', 'chmod', ['755', ...programs]);
}

/**
 * @param {{ parts: Part[], source: Source }} content
 * @returns {Promise<string[]>} names of files in PACKAGES
 */
export async function packDeb({ parts, source }) {
  await fill(parts, source);
  copyFileSync(join(TREE, DOCUMENTS, 'sbom.cdx.json'), join(PACKAGES, `${DEB}.cdx.json`));
  const words = ['--root-owner-group', ...COMPRESSION, '--build', TREE, join(PACKAGES, DEB)];
  const env = { SOURCE_DATE_EPOCH: String(source.time.getTime() / 1000) };
  await must('Packing', 'dpkg-deb', words, { env });
  return [DEB, `${DEB}.cdx.json`];
}
