/** The budget table as publish collects it. In: publish ticks. Out: the rows that changed, bind pools among them. */
import { isUsable } from '../../forecast/port-range.js';
import { type ReuseRule, releaseInMs, TIME_WAIT_MS } from '../../forecast/reuse.js';
import type { BudgetRow } from '../../protocol/rows.js';
import type { Changes, TableSource } from '../../protocol/source.js';
import type { Aggregator } from '../ingest/aggregator.js';
import { Releases, TIMER_SLACK_MS } from '../measure/releases.js';
import type { Budget } from '../model/budget.js';
import type { Namespace } from '../model/namespace.js';
import { TIME_WAIT } from '../model/socket-state.js';
import { bindPoolRows } from './bind-pools.js';
import { blockersOf } from './blockers.js';
import { budgetRow, holdRuleOf } from './budget-row.js';
import { isLookedAt, type UsablePorts, usablePorts } from './usable-ports.js';

/** Budgets whose rows are made anew in one tick. */
const ROWS_PER_TICK = 1000;

export class BudgetSource implements TableSource<'budgets'> {
  private readonly terms = new WeakMap<Namespace, string>();
  /** Keys of the bind pools that were sent last. */
  private pools = new Set<string>();
  /** Their rows change with time alone. */
  private moving: Budget[] = [];
  private second = -1;
  /** One for each row of a tick. */
  private readonly releases: Releases[] = [];

  constructor(private readonly aggregator: Aggregator) {}

  collect(now: number): Changes<BudgetRow> {
    const { budgets, failures, sockets, unixMsAtZero } = this.aggregator;
    const nowNs = (now - unixMsAtZero) * 1e6;
    const second = Math.floor(nowNs / 1e9);
    sockets.expire(nowNs - TIMER_SLACK_MS * 1e6);
    if (second !== this.second) this.move(second);
    this.renegotiate();
    const changed = this.choose(budgets.takeDirty());
    const usable = this.refill(changed, nowNs);
    const blockers = blockersOf(changed, sockets);
    const set = changed.map((budget, i) =>
      budgetRow(
        budget,
        usable[i] as UsablePorts,
        this.releases[i] as Releases,
        this.aggregator,
        nowNs,
        blockers[i] ?? null,
      ),
    );
    for (const budget of changed)
      if (budget.timeWait > 0 || budget.rates.isActive(second)) this.moving.push(budget);
    const pools = bindPoolRows(budgets.all(), sockets, nowNs, failures.emptyPools.fresh(now));
    return { set: set.concat(pools), del: budgets.takeGone().concat(this.gonePools(pools)) };
  }

  private gonePools(rows: BudgetRow[]): string[] {
    const before = this.pools;
    this.pools = new Set(rows.map(({ key }) => key));
    return [...before].filter((key) => !this.pools.has(key));
  }

  private move(second: number): void {
    this.second = second;
    for (const budget of this.moving) this.aggregator.budgets.touch(budget);
    this.moving = [];
  }

  /** Settings and blocked ports concern every budget of a namespace, also one where nothing happens. */
  private renegotiate(): void {
    const { namespaces, budgets } = this.aggregator;
    const changed = new Set<Namespace>();
    for (const namespace of namespaces.all()) {
      const { terms } = namespace;
      if (this.terms.get(namespace) !== terms) changed.add(namespace);
      this.terms.set(namespace, terms);
    }
    if (changed.size === 0) return;
    for (const budget of budgets.all()) if (changed.has(budget.namespace)) budgets.touch(budget);
  }

  /** The fullest first; the rest keeps its marks for the next tick. */
  private choose(dirty: Budget[]): Budget[] {
    if (dirty.length <= ROWS_PER_TICK) return dirty;
    dirty.sort((a, b) => b.used - a.used);
    for (const budget of dirty.slice(ROWS_PER_TICK)) this.aggregator.budgets.touch(budget);
    return dirty.slice(0, ROWS_PER_TICK);
  }

  /**
   * One pass over the TIME_WAIT entries, for all budgets that are shown anew. An entry outside the range gives no port back that
   * anybody could have.
   */
  private refill(changed: Budget[], nowNs: number): UsablePorts[] {
    const rules = changed.map(holdRuleOf);
    const looked = changed.map(isLookedAt);
    for (const [place, budget] of changed.entries()) {
      budget.place = place;
      this.releases[place] ??= new Releases();
      this.releases[place].clear();
    }
    this.aggregator.sockets.forEachWaiting(({ place, namespace }, state, deadline, port) => {
      if (place < 0 || (looked[place] && !isUsable(namespace.sysctls, port))) return;
      const rule = rules[place] as ReuseRule;
      const left = state === TIME_WAIT ? (deadline - nowNs) / 1e6 : TIME_WAIT_MS;
      const late = left + TIMER_SLACK_MS;
      /* connect() checks the entry's age, not its timer, which ends late. */
      const isReused = state === TIME_WAIT && rule.reuse === 'after-delay';
      this.releases[place]?.add(late, isReused ? releaseInMs(left, 'time-wait', rule) : late);
    });
    const usable = usablePorts(changed, this.aggregator.sockets);
    for (const budget of changed) budget.place = -1;
    return usable;
  }
}
