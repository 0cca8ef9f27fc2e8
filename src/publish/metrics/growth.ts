/**
 * From rows' cumulative counts to the growth of each series since the previous tick. Enters: steps of rows. Leaves: what
 * each series grew by, never less than nothing. Called by families.ts. No clock, no I/O.
 *
 * Rows fold: a dead process's row vanishes and its program's row grows by the same amount, which is no growth at all. A row
 * folds only into one of the same place (namespace, direction, destination), and in the same tick; so within a place what
 * vanished is taken off what grew, in the same series first. What vanished and went nowhere was forgotten, not undone.
 * A row that is still there and counts less than before (a count moved to where it belongs) leaves a debt, which the
 * series' next growth pays.
 */
import { type Labels, seriesKey } from './series.js';
import type { Step } from './steps.js';

export interface Reading {
  readonly labels: Labels;
  /** Rows of different places never fold into one another. */
  readonly place: string;
  readonly count: number;
}

export interface Growth {
  readonly labels: Labels;
  readonly by: number;
}

interface Account {
  labels: Labels;
  gained: number;
  vanished: number;
}
type Place = Map<string, Account>;

const MAX_DEBTS = 10_000;

export class GrowthMeter<Row> {
  /** Counts that were taken back after they had been published, by series. */
  readonly #debts = new Map<string, number>();

  constructor(private readonly read: (row: Row) => Reading) {}

  take(steps: readonly Step<Row>[]): Growth[] {
    const places = new Map<string, Place>();
    for (const step of steps) this.#enter(step, places);
    return [...places.values()].flatMap((place) => this.#settle(place));
  }

  #enter({ before, after }: Step<Row>, places: Map<string, Place>): void {
    const was = before === null ? null : this.read(before);
    if (after === null) {
      if (was !== null) accountOf(places, was).vanished += was.count;
      return;
    }
    const is = this.read(after);
    accountOf(places, is).gained += is.count - (was?.count ?? 0);
  }

  /** Growth of one place, without what only moved. */
  #settle(place: Place): Growth[] {
    let moved = 0;
    for (const account of place.values()) moved += offset(account);
    for (const account of place.values()) moved -= pay(account, moved);
    return [...place].flatMap(([key, { labels, gained }]) => {
      const by = this.#afterDebt(key, gained);
      return by > 0 ? [{ labels, by }] : [];
    });
  }

  #afterDebt(key: string, gained: number): number {
    const balance = gained - (this.#debts.get(key) ?? 0);
    this.#debts.delete(key);
    if (balance >= 0) return balance;
    if (this.#debts.size < MAX_DEBTS) this.#debts.set(key, -balance);
    return 0;
  }
}

function accountOf(places: Map<string, Place>, { place, labels }: Reading): Account {
  const accounts = places.get(place) ?? new Map<string, Account>();
  places.set(place, accounts);
  const key = seriesKey(labels);
  const account = accounts.get(key) ?? { labels, gained: 0, vanished: 0 };
  accounts.set(key, account);
  return account;
}

/** Within the series itself; returns what vanished beyond that. */
function offset(account: Account): number {
  const paid = pay(account, account.vanished);
  return account.vanished - paid;
}

/** Takes up to `amount` off the gain; returns how much. */
function pay(account: Account, amount: number): number {
  const paid = Math.min(Math.max(0, account.gained), amount);
  account.gained -= paid;
  return paid;
}
