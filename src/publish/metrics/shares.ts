/**
 * What rows hold now, summed by label values and kept up to date by their changes. Enters: steps of rows. Leaves: sums as
 * candidates for series. Called by flows.ts.
 */
import type { Candidate } from './gauge.js';
import { type Labels, seriesKey } from './series.js';
import type { Step } from './steps.js';

interface Share {
  readonly labels: Labels;
  readonly amount: number;
}

export class Shares<Row> {
  readonly #sums = new Map<string, Share>();

  constructor(private readonly read: (row: Row) => Share) {}

  take(steps: readonly Step<Row>[]): void {
    for (const { before, after } of steps) {
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

  /** A sum of nothing is not kept: programs come and go. */
  #add({ labels, amount }: Share, sign: 1 | -1): void {
    if (amount === 0) return;
    const key = seriesKey(labels);
    const sum = (this.#sums.get(key)?.amount ?? 0) + sign * amount;
    if (sum === 0) this.#sums.delete(key);
    else this.#sums.set(key, { labels, amount: sum });
  }
}
