/** Who holds or blocks ports, and whose connects find none: read from rows, the largest by name and the rest as one. In: rows. Out: nodes and links. Pure. */
import { isBlockedByUnknown, takersOf } from '../../src/forecast/takers.js';
import type { BudgetRow, FailureRow, FlowRow, ProcessInfo } from '../../src/protocol/rows.js';
import { ownerName, withPid } from '../../src/view/names.js';
import { endpoint, foreign } from '../text/format.js';
import { type Blame, type Graph, type Hold, MOST_PROCESSES, type ProcessNode, REST } from './blame-types.js';

/** A budget's destination, in its namespace. */
export const place = (row: Pick<FlowRow | BudgetRow, 'netnsId' | 'destination'>) =>
  `${row.netnsId} ${endpoint(row.destination)}`;

/** The process, or the program where its processes have ended. */
function idOf(process: ProcessInfo): string {
  const { pid, startTime, name, parent } = process;
  return JSON.stringify(pid === null ? [name, parent.comm] : [pid, startTime]);
}

export function sum<T>(rows: readonly T[], read: (row: T) => number | null): number {
  return rows.reduce((all, row) => all + (read(row) ?? 0), 0);
}

const NOTHING = { ports: 0, blocked: 0, openPerSec: 0, failPerSec: 0 };

const taken = ({ ports, blocked }: Pick<Hold, 'ports' | 'blocked'>) => ports + blocked;

/** While rows are read. */
export class Census {
  readonly #processes = new Map<string, ProcessNode>();
  readonly #holds = new Map<string, Hold>();
  readonly #blames: Blame[] = [];
  /** By process and destination. */
  readonly #flows = new Map<string, FlowRow>();
  /** Key of the largest flow of each process. */
  readonly #largest = new Map<string, FlowRow>();

  constructor(
    flows: Iterable<FlowRow>,
    /** By key, those that have a node of their own. */
    private readonly budgets: ReadonlyMap<string, BudgetRow>,
  ) {
    for (const row of flows) {
      const id = idOf(row.process);
      this.#flows.set(`${id} ${place(row)}`, row);
      const before = this.#largest.get(id);
      if (before === undefined || (row.portsHeld ?? 0) > (before.portsHeld ?? 0)) this.#largest.set(id, row);
    }
  }

  addHolders(row: BudgetRow): void {
    const budget = this.budgets.has(row.key) ? row.key : REST;
    for (const { process, ports } of row.holders) {
      const node = this.#node(process);
      const flow = this.#flows.get(`${node.id} ${place(row)}`);
      /* Several source addresses share the flow. */
      const share = ports / Math.max(1, ports, flow?.portsHeld ?? 0);
      const openPerSec = (flow?.openPerSec ?? 0) * share;
      node.ports += ports;
      node.openPerSec += openPerSec;
      this.#hold({ ...NOTHING, process: node.id, budget, ports, openPerSec });
    }
  }

  /** A port that bind() has is lost to every destination: it is in each of these budgets, and counted once. */
  addBlockers({ key, blockers }: BudgetRow): void {
    if (!this.budgets.has(key)) return;
    for (const { process, ports: blocked } of blockers ?? []) {
      const node = this.#node(process);
      node.blocked = Math.max(node.blocked, blocked);
      this.#hold({ ...NOTHING, process: node.id, budget: key, blocked });
    }
  }

  addVictim({ process, budget, perSec }: FailureRow): void {
    const row = budget === null ? undefined : this.budgets.get(budget);
    if (row === undefined || perSec === null || perSec === 0) return;
    const victim = this.#node(process);
    victim.failPerSec += perSec;
    this.#hold({ ...NOTHING, process: victim.id, budget: row.key, failPerSec: perSec });
    const known = this.#blames.find((one) => one.victim === victim.id && one.budget === row.key);
    if (known !== undefined) known.failPerSec += perSec;
    else this.#blames.push({ victim: victim.id, ...blamed(row), budget: row.key, failPerSec: perSec });
  }

  /** Victims, and who is blamed, before those that merely have ports. */
  graph(): Pick<Graph, 'processes' | 'holds' | 'blames'> {
    const blamed = new Set(this.#blames.map(({ taker }) => taker));
    const isInvolved = (one: ProcessNode) => Number(one.failPerSec > 0 || blamed.has(one.id));
    const ranked = [...this.#processes.values()].sort(
      (a, b) => isInvolved(b) - isInvolved(a) || taken(b) - taken(a) || b.failPerSec - a.failPerSec,
    );
    const shown = ranked.slice(0, MOST_PROCESSES);
    const more = ranked.slice(MOST_PROCESSES);
    const kept = new Set(shown.map(({ id }) => id));
    const named = (id: string) => (kept.has(id) ? id : REST);
    const holds = merged(
      [...this.#holds.values()].map((hold) => ({ ...hold, process: named(hold.process) })),
    );
    const blames = this.#blames.filter(
      ({ victim, taker }) => kept.has(victim) && (taker === null || kept.has(taker)),
    );
    const processes = more.length === 0 ? shown : [...shown, restOfProcesses(more)];
    return { processes: inOrderOf(processes, holds, [...this.budgets.keys()]), holds, blames };
  }

  #node(process: ProcessInfo): ProcessNode {
    const id = idOf(process);
    const known = this.#processes.get(id);
    if (known !== undefined) return known;
    const flow = this.#largest.get(id);
    const name = ownerName({ process, program: flow?.program ?? null });
    const text = foreign(withPid(name, process.pid));
    const node = { id, text, ports: 0, blocked: 0, openPerSec: 0, failPerSec: 0, flow: flow?.key ?? null };
    this.#processes.set(id, node);
    return node;
  }

  #hold(hold: Hold): void {
    const key = `${hold.process} ${hold.budget}`;
    this.#holds.set(key, joined(this.#holds.get(key), hold));
  }
}

/** Who has taken most of what a connect of this budget could have. */
function blamed(row: BudgetRow): Pick<Blame, 'taker' | 'isBlocker'> {
  if (isBlockedByUnknown(row)) return { taker: null, isBlocker: true };
  const [first] = takersOf(row);
  if (first === undefined) return { taker: null, isBlocker: false };
  return { taker: idOf(first.process), isBlocker: first.blocked > first.ports / 2 };
}

function joined(before: Hold | undefined, hold: Hold): Hold {
  if (before === undefined) return hold;
  const openPerSec = before.openPerSec + hold.openPerSec;
  const failPerSec = before.failPerSec + hold.failPerSec;
  const [ports, blocked] = [before.ports + hold.ports, before.blocked + hold.blocked];
  return { ...hold, ports, blocked, openPerSec, failPerSec };
}

function merged(holds: readonly Hold[]): Hold[] {
  const found = new Map<string, Hold>();
  for (const hold of holds) {
    const key = `${hold.process} ${hold.budget}`;
    found.set(key, joined(found.get(key), hold));
  }
  return [...found.values()];
}

function restOfProcesses(nodes: readonly ProcessNode[]): ProcessNode {
  return {
    id: REST,
    text: `${nodes.length} ${nodes.length === 1 ? 'other' : 'others'}`,
    ports: sum(nodes, ({ ports }) => ports),
    blocked: sum(nodes, ({ blocked }) => blocked),
    openPerSec: sum(nodes, ({ openPerSec }) => openPerSec),
    failPerSec: sum(nodes, ({ failPerSec }) => failPerSec),
    flow: null,
  };
}

/** Beside the budget of which each has most, so that few links cross; then in an order that does not change every second. The rest is last. */
function inOrderOf(nodes: ProcessNode[], holds: readonly Hold[], budgets: readonly string[]): ProcessNode[] {
  const rank = ({ id }: ProcessNode): number => {
    const own = holds.filter(({ process }) => process === id).sort((a, b) => taken(b) - taken(a));
    const at = budgets.indexOf(own[0]?.budget ?? REST);
    return id === REST ? Number.POSITIVE_INFINITY : at === -1 ? budgets.length : at;
  };
  const ranks = new Map(nodes.map((node) => [node.id, rank(node)]));
  return nodes.sort((a, b) => {
    const [x, y] = [ranks.get(a.id) ?? 0, ranks.get(b.id) ?? 0];
    return x === y ? (a.id < b.id ? -1 : 1) : x - y;
  });
}
