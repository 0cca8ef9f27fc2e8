/**
 * Lost and missed events in words. They are counted for the whole service, so that every totals row carries the same
 * numbers. In: totals rows. Out: sums, and what they mean for the counts; null where nothing is known.
 */
import { integer } from '../protocol/format.js';
import type { TotalsRow } from '../protocol/rows.js';

export interface Losses {
  /** Events that a full ring lost, and that the kernel did not show. */
  lost: number | null;
  missed: number | null;
  sum: number;
}

export function lossesOf(totals: readonly TotalsRow[]): Losses | null {
  const [lost, missed] = [most(totals, 'eventsLost'), most(totals, 'eventsMissed')];
  return lost === null && missed === null ? null : { lost, missed, sum: (lost ?? 0) + (missed ?? 0) };
}

function most(totals: readonly TotalsRow[], field: 'eventsLost' | 'eventsMissed'): number | null {
  return totals.reduce<number | null>(
    (max, row) => (row[field] === null ? max : Math.max(max ?? 0, row[field])),
    null,
  );
}

/** `12 events lost: counts are a lower bound`. @param unit empty where a heading says what is counted */
export function lossText({ sum }: Losses, totals: readonly TotalsRow[], unit = ' events lost'): string {
  const isBound = totals.some((row) => row.lowerBound);
  return `${integer(sum)}${unit}${isBound ? ': counts are a lower bound' : ', counts stayed exact'}`;
}
