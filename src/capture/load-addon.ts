/**
 * Loads the addon and refuses one that does not fit this code. Called by the engine and by doctor.
 * Errors: ADDON_MISSING, ADDON_STALE, each with the command that mends it.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { EVENT_FORMAT, RECORDS, type RecordName, sizeOf } from '../decode/layout.js';
import { PortchurnError } from '../protocol/errors.js';
import { VERSION } from '../protocol/version.js';
import type { NativeAddon } from './native.js';

/** Where the build puts it: beside dist/ and src/ alike. */
export const ADDON_PATH = fileURLToPath(new URL('../../out/Release/portchurn.node', import.meta.url));
const REBUILD = 'npm run setup';

export function loadAddon(path = ADDON_PATH): NativeAddon {
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
  const mismatch = mismatchOf(addon);
  if (mismatch !== null) {
    throw new PortchurnError('ADDON_STALE', `the native addon is of another build: ${mismatch}`, {
      hint: REBUILD,
    });
  }
  return addon;
}

/** What does not fit, in words; null when all does. */
export function mismatchOf(addon: Pick<NativeAddon, 'eventFormat' | 'sizes' | 'version'>): string | null {
  if (addon.version !== VERSION) return `version ${addon.version}, expected ${VERSION}`;
  if (addon.eventFormat !== EVENT_FORMAT)
    return `event format ${addon.eventFormat}, expected ${EVENT_FORMAT}`;
  for (const record of Object.keys(RECORDS) as RecordName[]) {
    /* An addon older than a record does not know its size, nor perhaps any. */
    const size = addon.sizes?.[record] ?? 'no';
    const expected = sizeOf(record);
    if (size !== expected) return `${record} has ${size} bytes, expected ${expected}`;
  }
  return null;
}
