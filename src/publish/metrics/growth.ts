/**
 * From the cumulative counts of rows to the growth of each series since the previous tick. In: row changes. Out: what each
 * series grew by, never less than 0. No clock, no I/O.
 *
 * Rows roll up: a dead process's row vanishes and its program's row grows by the same amount, which is no growth at all. A
 * row rolls up only into a row of the same scope (namespace, direction, destination), and in the same tick. So within a
 * scope what vanished is subtracted from what grew, first in the same series. A vanished count that went nowhere belongs to
 * a row that was evicted; it is not subtracted from anything. A row that is still there and counts less than before (the
 * count moved to another row) leaves a deficit, which is subtracted from the series' next growth.
 */
import type { RowChange } from './row-changes.js';
import { type Labels, seriesKey } from './series.js';

export interface Reading {
  readonly labels: Labels;
  /** Rows of different scopes never roll up into one another. */
  readonly scope: string;
  readonly count: number;
}

export interface Growth {
  readonly labels: Labels;
  readonly by: number;
}

/** What one tick did to one series within one scope. */
interface SeriesChange {
  labels: Labels;
  gained: number;
  vanished: number;
}
/** By series. */
type ScopeChanges = Map<string, SeriesChange>;

const MAX_DEFICITS = 10_000;

export class GrowthMeter<Row> {
  /** By series: counts that were taken back after they had been published. */
  readonly #deficits = new Map<string, number>();

  constructor(private readonly read: (row: Row) => Reading) {}

  take(changes: readonly RowChange<Row>[]): Growth[] {
    const scopes = new Map<string, ScopeChanges>();
    for (const change of changes) this.#record(change, scopes);
    return [...scopes.values()].flatMap((scope) => this.#growthOf(scope));
  }

  #record({ before, after }: RowChange<Row>, scopes: Map<string, ScopeChanges>): void {
    const was = before === null ? null : this.read(before);
    if (after === null) {
      if (was !== null) changeOf(scopes, was).vanished += was.count;
      return;
    }
    const is = this.read(after);
    changeOf(scopes, is).gained += is.count - (was?.count ?? 0);
  }

  /** Growth within one scope, without counts that only moved. */
  #growthOf(scope: ScopeChanges): Growth[] {
    let moved = 0;
    for (const change of scope.values()) moved += change.vanished - subtract(change, change.vanished);
    for (const change of scope.values()) moved -= subtract(change, moved);
    return [...scope].flatMap(([key, { labels, gained }]) => {
      const by = this.#withoutDeficit(key, gained);
      return by > 0 ? [{ labels, by }] : [];
    });
  }

  #withoutDeficit(key: string, gained: number): number {
    const balance = gained - (this.#deficits.get(key) ?? 0);
    this.#deficits.delete(key);
    if (balance >= 0) return balance;
    if (this.#deficits.size < MAX_DEFICITS) this.#deficits.set(key, -balance);
    return 0;
  }
}

function changeOf(scopes: Map<string, ScopeChanges>, { scope, labels }: Reading): SeriesChange {
  const changes = scopes.get(scope) ?? new Map<string, SeriesChange>();
  scopes.set(scope, changes);
  const key = seriesKey(labels);
  const change = changes.get(key) ?? { labels, gained: 0, vanished: 0 };
  changes.set(key, change);
  return change;
}

/** Takes up to `amount` off what the series gained; returns how much. */
function subtract(change: SeriesChange, amount: number): number {
  const taken = Math.min(Math.max(0, change.gained), amount);
  change.gained -= taken;
  return taken;
}
