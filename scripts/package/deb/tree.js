/** The files of a package as dpkg counts them. In: a folder. Out: their size, their checksums. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const KIBIBYTE = 1024;

/** @param {string} root */
const entriesOf = (root) => readdirSync(root, { recursive: true, withFileTypes: true });

/** @param {string} root @returns {string[]} paths below it, in order, without links */
const filesOf = (root) =>
  entriesOf(root)
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();

/** As Installed-Size counts: whole kibibytes of each file, one for anything else. @param {string} root */
export function kibibytesOf(root) {
  const files = filesOf(root);
  const sizes = files.map((path) => Math.ceil(statSync(join(root, path)).size / KIBIBYTE));
  const others = entriesOf(root).length - files.length;
  return sizes.reduce((sum, size) => sum + size, others);
}

/** @param {string} root @returns {string} DEBIAN/md5sums */
export function checksumsOf(root) {
  const sum = (/** @type {string} */ path) =>
    createHash('md5')
      .update(readFileSync(join(root, path)))
      .digest('hex');
  return filesOf(root)
    .map((path) => `${sum(path)}  ${path}\n`)
    .join('');
}
