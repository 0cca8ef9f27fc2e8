/**
 * Who burns the ports, in the order in which to look: by the share of their own budget, times how urgent that is. Ports of a budget whose
 * TIME_WAIT entries connect() takes over harm nobody, however many they are. In: flow and budget rows. Out: shares, an order. Pure.
 */
import { byTightness, outlook, pressure } from '../forecast/outlook.js';
import { endpoint } from '../protocol/format.js';
import type { BudgetRow, FlowRow } from '../protocol/rows.js';
import { comparator, type Value } from './order.js';

/** Ports run out within this: the sooner the more urgent, seconds. */
const SOON_SECONDS = 600;
/** Ranks are told apart in so many steps, so that rows of about the same weight do not change places all the time. */
const STEPS = 50;

const placeOf = ({ netnsId, destination }: Pick<FlowRow | BudgetRow, 'netnsId' | 'destination'>) =>
  `${netnsId}|${endpoint(destination)}`;

/** Budgets of connect() by where their ports go; where there are several source addresses, the tightest. */
export class Budgets {
  private readonly byPlace = new Map<string, BudgetRow>();
  /** Ports that are held there, from all source addresses. */
  private readonly held = new Map<string, number>();

  constructor(rows: Iterable<BudgetRow>) {
    for (const row of rows) if (row.kind === 'tuple') this.add(row);
  }

  private add(row: BudgetRow): void {
    const place = placeOf(row);
    const known = this.byPlace.get(place);
    if (known === undefined || byTightness(row, known) < 0) this.byPlace.set(place, row);
    this.held.set(place, (this.held.get(place) ?? 0) + (row.used ?? 0));
  }

  /** Undefined: it is not known, or the connections are inbound, which need no port. */
  of(flow: Pick<FlowRow, 'netnsId' | 'direction' | 'destination'>): BudgetRow | undefined {
    return flow.direction === 'out' ? this.byPlace.get(placeOf(flow)) : undefined;
  }

  /**
   * Of the ports toward its destination, those that it holds: 0 to 1; null: not known. More may be held than there are, from several
   * addresses, or since the range was narrowed: then it is of those that are held, so that shares are no more than all together.
   */
  shareOf(flow: FlowRow): number | null {
    const budget = this.of(flow);
    const { portsHeld } = flow;
    if (!budget?.limit || portsHeld === null) return null;
    return Math.min(1, portsHeld / Math.max(budget.limit, this.held.get(placeOf(flow)) ?? 0));
  }
}

/** 0 to 2: above 1 ports are out or will be. */
export function urgencyOf(budget: BudgetRow): number {
  const next = outlook(budget);
  if (next.state === 'out') return 2;
  if (next.state === 'running-out') return 1 + Math.max(0, 1 - next.seconds / SOON_SECONDS);
  return pressure(budget);
}

/** Its share of its budget, times how urgent that is, in steps. */
export function weightOf(flow: FlowRow, budgets: Budgets): number {
  const budget = budgets.of(flow);
  const share = budgets.shareOf(flow);
  return budget === undefined || share === null ? 0 : Math.round(share * urgencyOf(budget) * STEPS);
}

/** The worst first: by weight, then what fails most, then the most ports. */
export function byBlame(budgets: Budgets): (a: FlowRow, b: FlowRow) => number {
  const falling = (of: (row: FlowRow) => Value) => ({ of, descending: true });
  const weights = new WeakMap<FlowRow, number>();
  /* Sorting asks for the same row some twenty times. */
  const weight = (row: FlowRow) => {
    const known = weights.get(row) ?? weightOf(row, budgets);
    weights.set(row, known);
    return known;
  };
  return comparator<FlowRow>([
    falling(weight),
    falling(({ failPerSec }) => Math.round(Math.log2(1 + (failPerSec ?? 0)))),
    falling(({ portsHeld }) => portsHeld),
    falling(({ openPerSec }) => openPerSec),
    falling(({ opened }) => opened),
  ]);
}
