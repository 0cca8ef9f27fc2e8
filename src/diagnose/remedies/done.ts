/** Whether a setting that a remedy would change was changed, and what is said of it then. In: an offer, settings now. Out: the offer. Pure. */
import type { TotalsRow } from '../../protocol/rows.js';
import { SETTINGS } from '../incidents/changes.js';
import type { Setting } from '../types.js';
import type { Offer } from './offers.js';

/** Null: rows do not say it. */
function valueNow({ name }: Setting, totals: TotalsRow): string | null {
  return SETTINGS.find(([known]) => known === name)?.[1](totals) ?? null;
}

/** The setting that it is about is not what it was. */
export function isDone({ settings }: Offer, totals: TotalsRow | undefined): boolean {
  const last = settings.at(-1);
  const value = last === undefined || totals === undefined ? null : valueNow(last, totals);
  return value !== null && value !== last?.before;
}

/** Nothing to paste any more; what takes it back stays, and what keeps it. */
export function done(offer: Offer, totals: TotalsRow | undefined): Offer {
  const last = offer.settings.at(-1);
  if (last === undefined || totals === undefined) return offer;
  const text = `Done: net.ipv4.${last.name} is ${valueNow(last, totals)} now`;
  return { ...offer, remedy: { ...offer.remedy, text, command: null } };
}
