/**
 * One family of counters: few series that only ever grow, and `other`. Enters: growth, per tick. Leaves: series. A key that
 * comes later starts at what it grew since then; what it did before stays in `other`. Called by families.ts.
 */
import type { Growth } from './growth.js';
import { otherLabels, type Series, seriesKey } from './series.js';
import { SeriesAdmission } from './series-admission.js';

export class CounterFamily {
  readonly #roster: SeriesAdmission;
  readonly #series = new Map<string, { labels: Series['labels']; value: number }>();
  #other = 0;

  constructor(
    readonly labelNames: readonly string[],
    roster = new SeriesAdmission(),
  ) {
    this.#roster = roster;
  }

  /** One tick's growth, each series at most once per call or more: the largest come in first. */
  take(growth: readonly Growth[], now: number): void {
    for (const idle of this.#roster.retire(now)) this.#series.delete(idle);
    for (const one of [...growth].sort((a, b) => b.by - a.by)) this.#add(one, now);
  }

  series(): Series[] {
    const other = { labels: otherLabels(this.labelNames), value: this.#other };
    return [...this.#series.values(), other];
  }

  #add({ labels, by }: Growth, now: number): void {
    const key = seriesKey(labels);
    if (!this.#roster.admit(key, now)) {
      this.#other += by;
      return;
    }
    const series = this.#series.get(key) ?? { labels, value: 0 };
    series.value += by;
    this.#series.set(key, series);
  }
}
