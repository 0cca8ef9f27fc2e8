/**
 * The version of this package, from package.json: the one place it is written; and the commit that it is made of, which the manifest
 * of a package says, or git's own files in a clone.
 */
import { readFileSync } from 'node:fs';

const ROOT = new URL('../../', import.meta.url);

interface Manifest {
  version: string;
  /** Of a package that was made of a clone. */
  commit?: string;
}

const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as Manifest;
export const VERSION = manifest.version;
/** Made by `npm run package`: nothing here can be built. */
export const PACKAGED = manifest.commit !== undefined;

/** Digits of a commit that are shown. */
const SHOWN = 12;

/** For a person: "0.1.0 (0123456789ab)". */
export function versionText(): string {
  const commit = manifest.commit ?? commitOf(ROOT);
  return commit === null ? VERSION : `${VERSION} (${commit})`;
}

/** What is checked out in a clone; null: `root` is none, or one that keeps its references elsewhere. */
export function commitOf(root: URL): string | null {
  try {
    const read = (name: string) => readFileSync(new URL(`.git/${name}`, root), 'utf8');
    const head = read('HEAD').trim();
    return shown(head.startsWith('ref: ') ? reference(head.slice('ref: '.length), read) : head);
  } catch {
    return null;
  }
}

function reference(name: string, read: (file: string) => string): string {
  try {
    return read(name);
  } catch {
    const line = read('packed-refs')
      .split('\n')
      .find((text) => text.endsWith(` ${name}`));
    return line ?? '';
  }
}

const shown = (text: string): string | null => (/^[0-9a-f]{40}\b/.test(text) ? text.slice(0, SHOWN) : null);
