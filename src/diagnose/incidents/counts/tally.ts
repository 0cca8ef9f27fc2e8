/**
 * Failed calls of one incident by the row that counts them, since it began: what a row counted before, or for another incident, is no part
 * of it. In: what rows have grown by. Out: the same rows with the counts of the incident. Bounded.
 */
import type { FailureRow } from '../../../protocol/rows.js';
import type { Grown } from './window.js';

/** Rows of one incident; those beyond count for it, but for nobody. */
const MOST_ROWS = 5000;

export class Tally {
  private readonly grown = new Map<string, Grown>();

  add(all: readonly Grown[]): void {
    for (const { row, failed } of all) this.count(row, failed);
  }

  /** @param moved by keys of rows that have gone: those that count for them now */
  follow(moved: ReadonlyMap<string, FailureRow>): void {
    if (this.grown.size === 0) return;
    for (const [key, row] of moved) {
      const known = this.grown.get(key);
      if (known === undefined) continue;
      this.grown.delete(key);
      this.count(row, known.failed);
    }
  }

  /** @param now its rows of this second: others have no rate any more */
  rows(now: readonly FailureRow[]): FailureRow[] {
    if (this.grown.size === 0) return [];
    const current = new Map(now.map((row) => [row.key, row]));
    return [...this.grown.values()].map(({ row, failed }) => {
      const one = current.get(row.key);
      return { ...(one ?? row), count: failed, perSec: one?.perSec ?? 0 };
    });
  }

  private count(row: FailureRow, failed: number): void {
    const known = this.grown.get(row.key);
    if (known === undefined && this.grown.size >= MOST_ROWS) return;
    this.grown.set(row.key, { row, failed: (known?.failed ?? 0) + failed });
  }
}
