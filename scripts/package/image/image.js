/**
 * The image: what the tarball holds, on a small Debian, as an OCI archive that `podman load`, `skopeo copy` and `ctr images import` take. In: the
 * tarball. Out: portchurn-VERSION-linux-x64.oci.tar.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { must } from '../../lib/run.js';
import { MANIFEST, nameFor, PACKAGES, WORK } from '../places.js';
import { sbomOf } from '../sbom.js';
import { BASE, BASE_TIME, baseParts, ensureBase } from './base.js';

/** @typedef {{ ref: string, dependsOn?: string[] }} Depends of CycloneDX */

const NAME = nameFor('x64');
export const IMAGE = `${NAME}.oci.tar`;
/** How container runtimes call it once they have read the archive. */
export const REFERENCE = `localhost/portchurn:${MANIFEST.version}`;
const FOLDER = join(WORK, 'image');
const TREE = join(FOLDER, 'tree');
const LAYOUT = join(FOLDER, 'layout');

/** As the systemd unit; beyond loopback a token is needed. */
const DEFAULT_COMMAND = 'serve --listen unix:/run/portchurn/portchurn.sock --listen 127.0.0.1:7790';
const ENVIRONMENT = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Keeps its images below FOLDER. @param {string[]} words @returns {string} what it says */
function buildah(...words) {
  const storage = ['--root', join(FOLDER, 'storage'), '--runroot', join(FOLDER, 'run')];
  return execFileSync('buildah', ['--storage-driver=vfs', ...storage, ...words], {
    encoding: 'utf8',
    env: { ...process.env, BUILDAH_ISOLATION: 'chroot' },
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

/** What lies on the base: the tarball's tree, and the way to its commands. */
async function makeTree() {
  const program = join(TREE, 'opt/portchurn');
  const commands = join(TREE, 'usr/local/bin');
  for (const path of [program, commands, ...['run/portchurn', 'var/lib/portchurn'].map((p) => join(TREE, p))])
    mkdirSync(path, { recursive: true });
  const words = ['-xzf', join(PACKAGES, `${NAME}.tar.gz`), '--strip-components=1', '-C', program];
  await must('Unpacking the tarball', 'tar', words);
  symlinkSync('/opt/portchurn/bin/portchurn', join(commands, 'portchurn'));
  const probe = join(commands, 'portchurn-healthz');
  copyFileSync(new URL('healthz.mjs', import.meta.url), probe);
  chmodSync(probe, 0o755);
}

/** @param {{ commit: string, time: Date }} source @returns {string[]} */
function labels({ commit, time }) {
  const { version, description, license } = MANIFEST;
  const texts = { title: 'portchurn', description, version, revision: commit, licenses: license };
  const all = { ...texts, created: time.toISOString() };
  return Object.entries(all).flatMap(([name, text]) => [
    '--label',
    `org.opencontainers.image.${name}=${text}`,
  ]);
}

/** @param {string} container @param {number} time of all its files, Unix s @param {string[]} name none: it stays in buildah's storage */
const commit = (container, time, ...name) =>
  buildah('commit', '--quiet', '--disable-compression=false', `--timestamp=${time}`, container, ...name);

/** Two layers, so that the one below is the same for every version. @param {{ commit: string, time: Date }} source */
function commitLayers(source) {
  const below = buildah('from', 'scratch');
  buildah('add', '--quiet', below, BASE, '/');
  const base = commit(below, BASE_TIME);
  const program = buildah('from', '--pull-never', base);
  buildah('copy', '--quiet', program, TREE, '/');
  const entry = ['--entrypoint', '["portchurn"]', '--cmd', DEFAULT_COMMAND, '--env', ENVIRONMENT];
  buildah('config', ...entry, ...labels(source), program);
  commit(program, source.time.getTime() / 1000, `oci:${LAYOUT}`);
}

/** Names the only image: each runtime reads one of these. */
function nameImage() {
  const file = join(LAYOUT, 'index.json');
  const index = JSON.parse(readFileSync(file, 'utf8'));
  index.manifests[0].annotations = {
    'io.containerd.image.name': REFERENCE,
    'org.opencontainers.image.ref.name': REFERENCE,
  };
  writeFileSync(file, JSON.stringify(index));
}

/** The same bytes for the same files. @param {Date} time */
async function archive(time) {
  const when = `--mtime=@${time.getTime() / 1000}`;
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  const content = ['oci-layout', 'index.json', 'blobs'];
  const words = ['--sort=name', when, ...owner, '-cf', join(PACKAGES, IMAGE), '-C', LAYOUT, ...content];
  await must('Packing the image', 'tar', words);
}

/**
 * The tarball's list, and what lies below it.
 * @param {string} tarball JSON
 * @param {string} base JSON, of the same program
 */
function together(tarball, base) {
  const [all, below] = [JSON.parse(tarball), JSON.parse(base)];
  all.components.push(...below.components);
  all.dependencies.push(
    ...below.dependencies.filter((/** @type {Depends} */ { ref }) => ref !== 'portchurn'),
  );
  const dependsOn = (/** @type {{ dependencies: Depends[] }} */ { dependencies }) =>
    dependencies.find(({ ref }) => ref === 'portchurn');
  dependsOn(all)?.dependsOn?.push(...(dependsOn(below)?.dependsOn ?? []));
  return `${JSON.stringify(all, null, 2)}\n`;
}

/**
 * @param {{ source: { commit: string, time: Date } }} content
 * @returns {Promise<string[]>} names of files in PACKAGES
 */
export async function packImage({ source }) {
  rmSync(FOLDER, { recursive: true, force: true });
  await ensureBase();
  await makeTree();
  commitLayers(source);
  nameImage();
  await archive(source.time);
  const tarball = readFileSync(join(PACKAGES, `${NAME}.tar.gz.cdx.json`), 'utf8');
  writeFileSync(join(PACKAGES, `${IMAGE}.cdx.json`), together(tarball, sbomOf(baseParts(), source)));
  rmSync(join(FOLDER, 'storage'), { recursive: true });
  return [IMAGE, `${IMAGE}.cdx.json`];
}
