/**
 * Sums over the current rows by label values, kept up to date by the rows' changes. In: row changes. Out: the sums, as
 * candidates for series.
 */
import type { Candidate } from './gauge.js';
import type { RowChange } from './row-changes.js';
import { type Labels, seriesKey } from './series.js';

interface LabelledAmount {
  readonly labels: Labels;
  readonly amount: number;
}

export class LabelSums<Row> {
  readonly #sums = new Map<string, LabelledAmount>();

  constructor(private readonly read: (row: Row) => LabelledAmount) {}

  take(changes: readonly RowChange<Row>[]): void {
    for (const { before, after } of changes) {
      if (before !== null) this.#add(this.read(before), -1);
      if (after !== null) this.#add(this.read(after), 1);
    }
  }

  candidates(): Candidate<number>[] {
    return [...this.#sums].map(([key, { labels, amount }]) => ({
      key,
      labels,
      weight: amount,
      value: amount,
    }));
  }

  /** A sum of 0 is not kept: programs come and go. */
  #add({ labels, amount }: LabelledAmount, sign: 1 | -1): void {
    if (amount === 0) return;
    const key = seriesKey(labels);
    const sum = (this.#sums.get(key)?.amount ?? 0) + sign * amount;
    if (sum === 0) this.#sums.delete(key);
    else this.#sums.set(key, { labels, amount: sum });
  }
}
