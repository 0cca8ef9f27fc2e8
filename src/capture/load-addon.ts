/**
 * Loads the addon and refuses one that does not fit this code. In: the format that the decoder expects. Out: the addon.
 * Errors: ADDON_MISSING, ADDON_STALE, each with the command that mends it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { PortchurnError } from '../protocol/errors.js';
import { PACKAGED, VERSION } from '../protocol/version.js';
import type { NativeAddon } from './native.js';

const REBUILD = PACKAGED
  ? `install the package for this machine, ${process.arch}: there are such for Linux on x64 and arm64 with glibc 2.28 or newer`
  : 'npm run setup';

/** A package for several processors has an addon for each, named by it; any other folder has one. */
export function addonIn(folder: URL, arch: string = process.arch): string {
  const named = fileURLToPath(new URL(`portchurn-${arch}.node`, folder));
  return existsSync(named) ? named : fileURLToPath(new URL('portchurn.node', folder));
}

/** Where the build puts it: beside dist/ and src/ alike. */
export const ADDON_PATH = addonIn(new URL('../../out/Release/', import.meta.url));

/** What the records of an addon must look like, so that they can be decoded. */
export interface AddonFormat {
  readonly eventFormat: number;
  /** Bytes of each record, by its name. */
  readonly sizes: Readonly<Record<string, number>>;
}

export function loadAddon(format: AddonFormat, path = ADDON_PATH): NativeAddon {
  let addon: NativeAddon;
  try {
    addon = createRequire(import.meta.url)(path) as NativeAddon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new PortchurnError('ADDON_MISSING', `the native addon cannot be loaded: ${reason}`, {
      hint: REBUILD,
      cause,
    });
  }
  const mismatch = mismatchOf(addon, format);
  if (mismatch !== null) {
    throw new PortchurnError('ADDON_STALE', `the native addon is of another build: ${mismatch}`, {
      hint: REBUILD,
    });
  }
  return addon;
}

/** What does not fit, in words; null when all does. */
export function mismatchOf(
  addon: Pick<NativeAddon, 'eventFormat' | 'version'> & Partial<Pick<NativeAddon, 'sizes'>>,
  { eventFormat, sizes }: AddonFormat,
): string | null {
  if (addon.version !== VERSION) return `version ${addon.version}, expected ${VERSION}`;
  if (addon.eventFormat !== eventFormat) return `event format ${addon.eventFormat}, expected ${eventFormat}`;
  const known: Partial<Record<string, number>> = addon.sizes ?? {};
  for (const [record, expected] of Object.entries(sizes)) {
    /* An addon that is older than a record does not know its size. */
    const size = known[record] ?? 'no';
    if (size !== expected) return `${record} has ${size} bytes, expected ${expected}`;
  }
  return null;
}
