/** The addon, checked against the layout that the decoder reads. Errors: ADDON_MISSING, ADDON_STALE. */
import { type AddonFormat, loadAddon } from '../capture/load-addon.js';
import type { NativeAddon } from '../capture/native.js';
import { EVENT_FORMAT, RECORDS, type RecordName, sizeOf } from '../decode/layout.js';

const RECORD_NAMES = Object.keys(RECORDS) as RecordName[];

export const ADDON_FORMAT: AddonFormat = {
  eventFormat: EVENT_FORMAT,
  sizes: Object.fromEntries(RECORD_NAMES.map((name) => [name, sizeOf(name)])),
};

export const openAddon = (): NativeAddon => loadAddon(ADDON_FORMAT);
