/**
 * Whether the settings that a remedy would change have what it wants, and what is said of it then. In: an offer, settings now. Out: the
 * offer. Pure.
 */
import type { TotalsRow } from '../../protocol/rows.js';
import { SETTINGS } from '../incidents/changes/settings.js';
import type { Facts, Setting } from '../types.js';
import type { Offer } from './offers.js';
import { covers, spansOf, spansText } from './ports.js';

/** A setting below net.ipv4 as it is now; null: it is not known. */
export type SettingNow = (name: string) => string | null;

const RESERVED = 'ip_local_reserved_ports';
/** Of a value in a sentence. */
const MOST_SHOWN = 60;

export function settingsNow(totals: TotalsRow | undefined, portsOf: Facts['portsOf']): SettingNow {
  return (name) => {
    if (totals === undefined) return null;
    if (name !== RESERVED) return SETTINGS.find(([known]) => known === name)?.[1](totals) ?? null;
    const use = portsOf(totals.netnsId);
    return use === null ? null : spansText(use.reserved);
  };
}

/** Whether a value does what the wanted one would do, or more; settings that are not here must be equal. */
const ENOUGH: Readonly<Record<string, (now: string, wanted: string) => boolean>> = {
  [RESERVED]: (now, wanted) => covers(spansOf(now), spansOf(wanted)),
  ip_local_port_range: (now, wanted) => {
    const [low = 0, high = 0] = numbers(now);
    const [lowest = 0, highest = 0] = numbers(wanted);
    return low <= lowest && high >= highest;
  },
  tcp_max_tw_buckets: (now, wanted) => Number(now) >= Number(wanted),
  tcp_fin_timeout: (now, wanted) => Number(now) <= Number(wanted),
};

const numbers = (text: string) => text.split(' ').map(Number);

/** All settings of it have what it wants. */
export function isDone({ settings }: Offer, settingNow: SettingNow): boolean {
  return settings.length > 0 && settings.every((setting) => has(setting, settingNow(setting.name)));
}

function has({ name, value }: Setting, now: string | null): boolean {
  return now !== null && (ENOUGH[name]?.(now, value) ?? now === value);
}

/** Nothing to paste any more; what takes it back stays, and what keeps it. The sentence stays true when it is taken back. */
export function done(offer: Offer, settingNow: SettingNow): Offer {
  const last = offer.settings.at(-1);
  if (last === undefined) return offer;
  const value = settingNow(last.name) ?? last.value;
  const shown = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
  return {
    ...offer,
    remedy: { ...offer.remedy, text: `Done: net.ipv4.${last.name} was set to ${shown}`, command: null },
  };
}
