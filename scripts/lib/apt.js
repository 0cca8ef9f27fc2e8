/**
 * Debian packages unpacked into a directory and not installed, so that nothing of this machine changes. In: names of packages, and
 * where apt keeps its own state when the packages are of another release. Out: directories, each complete or not there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, run, Stop } from './run.js';

/** @typedef {{ words?: string[] }} Apt `words`: options of every apt command; none: the machine's own apt */
/** @typedef {{ type: 'deb' | 'deb-src', release: string }} Source of the component main, by its name: "bookworm" */

export const QUIET = { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };
const OPTIONS = ['-o', 'APT::Sandbox::User=root', '-o', 'Acquire::Retries=3'];

/** @param {Apt} [apt] */
export const update = ({ words = [] } = {}) => run('apt-get', ['-qq', ...words, 'update'], { env: QUIET });

/**
 * Lists that are a day old may name a version that the mirror has no more: then once more with new ones.
 * @param {string[]} request
 * @param {string} cwd gets the files
 * @param {Apt} apt
 */
async function fetchInto(request, cwd, apt) {
  const words = ['-qq', ...OPTIONS, ...(apt.words ?? []), ...request];
  if ((await run('apt-get', words, { env: QUIET, cwd })) === 0) return;
  await update(apt);
  await must('Fetching a package', 'apt-get', words, { env: QUIET, cwd });
}

/**
 * @param {string} directory complete or not at all
 * @param {(partial: string) => Promise<void>} fill
 */
export async function whole(directory, fill) {
  if (existsSync(directory)) return directory;
  const partial = `${directory}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  await fill(partial);
  renameSync(partial, directory);
  return directory;
}

/**
 * Files of binary packages, as they would lie below /.
 * @param {string[]} names
 * @param {string} directory
 * @param {Apt} [apt]
 */
export async function unpack(names, directory, apt = {}) {
  const debs = join(directory, 'deb');
  mkdirSync(debs, { recursive: true });
  await fetchInto(['download', ...names], debs, apt);
  for (const deb of readdirSync(debs).sort())
    await must('Unpacking a package', 'dpkg-deb', ['-x', join(debs, deb), directory]);
  rmSync(debs, { recursive: true });
}

/**
 * The sources of packages, patched as Debian does it. apt has checked their signatures.
 * @param {string[]} names
 * @param {string} directory gets a folder NAME-VERSION each
 * @param {Apt} apt
 */
export async function unpackSources(names, directory, apt) {
  await fetchInto(['source', '--download-only', ...names], directory, apt);
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.dsc')))
    await must('Unpacking sources', 'dpkg-source', ['--no-check', '-x', file], { cwd: directory });
}

/** What signs every release of Debian. */
const KEY = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** @returns {string} the mirror that this machine installs its own release from */
export function mirror() {
  const found = mirrorOf('');
  if (found === null) throw new Stop("This machine's apt sources name no mirror of its own release");
  return found;
}

/** @param {'' | '-security'} suite @returns {string | null} the mirror that this machine has that part of its own release from */
export function mirrorOf(suite) {
  const release = /^VERSION_CODENAME=(\S+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const format = ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'];
  const targets = execFileSync('apt-get', [...format, 'Created-By: Packages'], { encoding: 'utf8' });
  const found = targets
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, name, component]) => name === `${release}${suite}` && component === 'main');
  return found?.[0] ?? null;
}

/** @param {readonly Source[]} sources */
function sourceList(sources) {
  const uri = mirror();
  const entry = (/** @type {Source} */ { type, release }) =>
    [
      `Types: ${type}`,
      `URIs: ${uri}`,
      `Suites: ${release}`,
      'Components: main',
      `Signed-By: ${KEY}`,
      '',
    ].join('\n');
  return sources.map(entry).join('\n');
}

/**
 * An apt of its own: other releases or processors, from the very mirror that this machine uses.
 * @param {string} root its directory
 * @param {readonly Source[]} sources
 * @param {string} architecture as Debian calls it
 * @returns {Promise<Apt>}
 */
export async function privateApt(root, sources, architecture) {
  const path = (/** @type {string} */ name) => join(root, name);
  /** @type {[string, string][]} */
  const options = [
    ['Dir::State', path('state')],
    ['Dir::State::status', path('status')],
    ['Dir::Cache', path('cache')],
    ['Dir::Etc::main', '/dev/null'],
    ['Dir::Etc::sourcelist', path('portchurn.sources')],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Acquire::Languages', 'none'],
    ['APT::Architecture', architecture],
    ['APT::Architectures', architecture],
  ];
  const apt = { words: [...OPTIONS, ...options.flatMap(([name, value]) => ['-o', `${name}=${value}`])] };
  await whole(root, async (partial) => {
    mkdirSync(join(partial, 'state/lists/partial'), { recursive: true });
    mkdirSync(join(partial, 'cache/archives/partial'), { recursive: true });
    writeFileSync(join(partial, 'status'), '');
    writeFileSync(join(partial, 'portchurn.sources'), sourceList(sources));
  });
  if (readdirSync(path('state/lists')).every((name) => !name.includes('InRelease'))) await update(apt);
  return apt;
}
