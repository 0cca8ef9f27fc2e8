/**
 * Hand-made tables for tests of the diagnosis: a machine that is fine, and different only where a test says so. Actors are
 * made as the engine makes them, from flow rows, except where a test needs one number alone.
 */
import { fullestBudgets } from '../../../src/diagnose/churn-severity.js';
import { withIncidents } from '../../../src/diagnose/incidents/finding-parts.js';
import { Incidents, withFindings } from '../../../src/diagnose/incidents/incidents.js';
import type { Actor, Facts, Tables } from '../../../src/diagnose/types.js';
import { Verdict } from '../../../src/diagnose/verdict.js';
import type {
  BudgetRow,
  FailureRow,
  FindingRow,
  IncidentRow,
  TotalsRow,
  VerdictRow,
} from '../../../src/protocol/rows.js';
import { finish } from '../../../src/query/turn.js';
import {
  budget as anyBudget,
  failure as anyFailure,
  totals as anyTotals,
  idOf,
  proc,
} from '../publish/rows.js';

export const NETNS = 4_026_531_840;
/** Before a command that is run in that namespace, when it is not the host's. */
export const INSIDE = `nsenter --net="$(find -L /proc/[0-9]*/ns/net -inum ${NETNS} -print -quit 2>/dev/null)" `;
export const PLACE = { address: '10.0.0.9', port: 8080 };
export const NOW = new Date(2026, 0, 2, 14, 2, 31).getTime();

/** Client-first churn of a node program: 300/s, each a few milliseconds. */
export function actor(parts: Partial<Actor> = {}): Actor {
  return {
    key: 'a',
    netns: NETNS,
    netnsId: idOf(parts),
    direction: 'out',
    destination: PLACE,
    process: proc({
      pid: 4242,
      comm: 'node',
      exe: '/usr/bin/node',
      cmdline: 'node app.js',
      unit: 'worker.service',
    }),
    program: 'node app.js (bash)',
    processes: 1,
    pids: [4242],
    firstSeen: NOW - 600_000,
    established: 1,
    timeWait: 9000,
    portsHeld: 9001,
    opened: 30_000,
    closed: 29_999,
    closedFirst: 29_999,
    slowConnects: 0,
    openPerSec: 300,
    slowPerSec: 0,
    busySeconds: 10,
    firstShare: 1,
    lifetimeMs: 3,
    connectMs: 0.2,
    steady: 0,
    closeWait: 0,
    finWait2: 0,
    bound: 0,
    ...parts,
  };
}

/** The budget of `actor`, a third full. */
export function budget(parts: Partial<BudgetRow> = {}): BudgetRow {
  const used = parts.used ?? 9001;
  const limit = parts.limit ?? 28_232;
  const blocked = parts.blocked ?? 0;
  return anyBudget('b', {
    netns: NETNS,
    destination: PLACE,
    limit,
    used,
    blocked,
    free: Math.max(0, limit - used - blocked),
    timeWait: used - 1,
    established: 1,
    other: 0,
    openPerSec: 300,
    reuse: 'never',
    exhaustionSeconds: null,
    releasing: [[5, 1500]],
    holders: [{ process: actor().process, ports: used }],
    ...parts,
  });
}

export function totals(parts: Partial<TotalsRow> = {}): TotalsRow {
  return anyTotals('1', { netns: NETNS, name: 'host', portRange: [32_768, 60_999], ...parts });
}

export function failure(parts: Partial<FailureRow> = {}): FailureRow {
  return anyFailure('f', {
    netns: NETNS,
    process: proc({ pid: 77, comm: 'java', exe: '/usr/bin/java' }),
    destination: PLACE,
    call: 'connect',
    errno: 'EADDRNOTAVAIL',
    cause: 'ports-exhausted',
    count: 3120,
    perSec: 312,
    firstSeen: NOW - 20_000,
    lastSeen: NOW,
    budget: 'b',
    ...parts,
  });
}

export function tables(parts: Partial<Tables> = {}): Tables {
  const budgets = parts.budgets ?? [];
  return {
    actors: [],
    budgets,
    failures: [],
    totals: [totals()],
    fullest: fullestBudgets(budgets),
    isScoped: false,
    time: NOW,
    ...parts,
  };
}

export const FACTS: Facts = {
  overflowPerSec: new Map(),
  runtimeOf: () => null,
  portsOf: () => null,
  holdersOf: () => null,
};

/** Incidents and verdict of one machine, second by second, as the engine makes them. */
export class Watch {
  readonly entered: string[] = [];
  readonly incidents = new Incidents();
  private readonly verdict = new Verdict();

  step(
    now: Tables,
    given: readonly FindingRow[] = [],
    facts = FACTS,
  ): { verdict: VerdictRow; incidents: IncidentRow[]; findings: FindingRow[] } {
    finish(this.incidents.steps(now, facts));
    const { rows, accounts, slight } = this.incidents;
    const stateOf = new Map(rows.map(({ key, state }) => [key, state]));
    for (const key of this.incidents.entered) this.entered.push(`${key} ${stateOf.get(key)}`);
    const findings = withIncidents(given, rows);
    const over = rows.filter(({ state }) => state === 'over');
    const verdict = this.verdict.next({ tables: now, accounts, over, slight, findings });
    return { verdict, incidents: withFindings(rows, findings), findings };
  }
}
