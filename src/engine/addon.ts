/** The one place that opens the addon for the product. */
import { loadAddon } from '../capture/load-addon.js';
import type { NativeAddon } from '../capture/native.js';

/** Throws ADDON_MISSING or ADDON_STALE. Loaded once; further calls return the same addon. */
export const openAddon = (): NativeAddon => loadAddon();
