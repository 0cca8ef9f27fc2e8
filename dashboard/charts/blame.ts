/**
 * Who has the ports of whom: processes, the budgets that they hold or block ports of, and where these lead. In: rows. Out: nodes and links, of each
 * column those that matter most, and the rest as one. Pure.
 */
import { byTightness, fullness } from '../../src/forecast/outlook.js';
import type { BudgetRow, FailureRow, FlowRow } from '../../src/protocol/rows.js';
import { barTone } from '../../src/view/tone.js';
import { endpoint, foreign } from '../text/format.js';
import { Census, place, sum } from './blame-census.js';
import { type BudgetNode, type DestinationNode, type Graph, MOST_BUDGETS, REST } from './blame-types.js';

export interface GraphRows {
  flows: Iterable<FlowRow>;
  budgets: Iterable<BudgetRow>;
  failures: Iterable<FailureRow>;
  /** Budgets that there are, also those that are not among the rows. */
  total: number;
}

export function graphOf({ flows, budgets, failures, total }: GraphRows): Graph {
  const failing = [...failures];
  const wanted = new Set(failing.filter(({ perSec }) => (perSec ?? 0) > 0).map(({ budget }) => budget));
  /* With no port held, when bind() blocks them all. */
  const isShown = ({ key, kind, used }: BudgetRow) =>
    kind === 'tuple' && ((used ?? 0) > 0 || wanted.has(key));
  const all = [...budgets].filter(isShown).sort(byTightness);
  /* In an order that does not change every second. */
  const own = all.slice(0, MOST_BUDGETS).sort(byPlace);
  const census = new Census(flows, new Map(own.map((row) => [row.key, row])));
  for (const row of all) census.addHolders(row);
  for (const row of all) census.addBlockers(row);
  for (const row of failing) census.addVictim(row);
  const more = all.slice(MOST_BUDGETS);
  const hidden = Math.max(more.length, total - own.length);
  const nodes = [...own.map(budgetNode), ...(more.length === 0 ? [] : [restOf(more, hidden)])];
  return { ...census.graph(), budgets: nodes, destinations: destinationsOf(nodes, own) };
}

const byPlace = (a: BudgetRow, b: BudgetRow) => (placeKey(a) < placeKey(b) ? -1 : 1);
const placeKey = (row: BudgetRow) => `${place(row)} ${row.key}`;

function budgetNode(row: BudgetRow): BudgetNode {
  const { key, source, used, blocked, limit, openPerSec } = row;
  const text = foreign(source.address);
  const rates = {
    used: used ?? 0,
    blocked: blocked ?? 0,
    limit,
    level: fullness(row),
    tone: barTone(row),
    openPerSec: openPerSec ?? 0,
  };
  return { id: key, text, destination: place(row), ...rates };
}

function restOf(rows: readonly BudgetRow[], count: number): BudgetNode {
  const text = `${count} more ${count === 1 ? 'budget' : 'budgets'}`;
  const used = sum(rows, (row) => row.used);
  const openPerSec = sum(rows, (row) => row.openPerSec);
  const unknown = { blocked: 0, limit: null, level: null, tone: '' } as const;
  return { id: REST, text, destination: REST, used, ...unknown, openPerSec };
}

function destinationsOf(nodes: readonly BudgetNode[], rows: readonly BudgetRow[]): DestinationNode[] {
  const found = new Map<string, DestinationNode>();
  for (const [i, { id, destination, openPerSec }] of nodes.entries()) {
    const row = rows[i];
    const known = found.get(destination);
    if (known !== undefined) known.openPerSec += openPerSec;
    else {
      const text = row === undefined ? 'elsewhere' : endpoint(row.destination);
      found.set(destination, { id: destination, text, openPerSec, budget: id });
    }
  }
  return [...found.values()];
}
