/**
 * One family of counters: few series that only ever grow, and `other`. In: growth, per tick. Out: series. A key that is
 * admitted later starts at what it grew since then; what it counted before stays in `other`.
 */
import type { Growth } from './growth.js';
import { otherLabels, type Series, seriesKey } from './series.js';
import { SeriesAdmission } from './series-admission.js';

export class CounterFamily {
  readonly #series = new Map<string, { labels: Series['labels']; value: number }>();
  #other = 0;

  constructor(
    readonly labelNames: readonly string[],
    private readonly admission = new SeriesAdmission(),
  ) {}

  /** One tick's growth; a series may occur several times. The largest are admitted first. */
  take(growth: readonly Growth[], now: number): void {
    for (const idle of this.admission.expire(now)) this.#series.delete(idle);
    for (const one of [...growth].sort((a, b) => b.by - a.by)) this.#add(one, now);
  }

  series(): Series[] {
    const other = { labels: otherLabels(this.labelNames), value: this.#other };
    return [...this.#series.values(), other];
  }

  #add({ labels, by }: Growth, now: number): void {
    const key = seriesKey(labels);
    if (!this.admission.admit(key, now)) {
      this.#other += by;
      return;
    }
    const series = this.#series.get(key) ?? { labels, value: 0 };
    series.value += by;
    this.#series.set(key, series);
  }
}
