/**
 * Lost events in words. They are counted for the whole service, so that every totals row carries the same numbers. In: totals
 * rows. Out: the counts by reason, and what they mean; null where nothing is known.
 */
import { integer } from '../protocol/format.js';
import type { Lost, TotalsRow } from '../protocol/rows.js';

export function lossesOf(totals: readonly TotalsRow[]): Lost | null {
  return totals.find(({ lost }) => lost != null)?.lost ?? null;
}

/** `12 events lost: some counts are lower bounds`. @param unit empty where a heading says what is counted */
export function lossText({ total }: Lost, totals: readonly TotalsRow[], unit = ' events lost'): string {
  const isBound = totals.some((row) => row.lowerBound);
  return `${integer(total)}${unit}${isBound ? ': some counts are lower bounds' : ', counts stayed exact'}`;
}
