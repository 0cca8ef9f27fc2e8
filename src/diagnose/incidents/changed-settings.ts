/** When settings of a namespace changed last. In: totals of each second. Out: moments by namespace. Keeps the rows of a second; the time is given. */
import type { TotalsRow } from '../../protocol/rows.js';
import { changedSettings } from './changes.js';

export class ChangedSettings {
  private rows = new Map<string, TotalsRow>();
  private moments = new Map<string | null, number>();

  /** Unix ms, of the namespaces that there are. */
  at(totals: readonly TotalsRow[], time: number): ReadonlyMap<string | null, number> {
    const moments = new Map<string | null, number>();
    for (const row of totals) {
      const before = this.rows.get(row.key);
      const isChanged = before !== undefined && changedSettings(before, row).length > 0;
      const moment = isChanged ? time : this.moments.get(row.netnsId);
      if (moment !== undefined) moments.set(row.netnsId, moment);
    }
    this.rows = new Map(totals.map((row) => [row.key, row]));
    this.moments = moments;
    return moments;
  }
}
