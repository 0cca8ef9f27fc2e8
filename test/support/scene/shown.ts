/** The two sides of a comparison of one namespace, and what both need to be read. In: rows, and what is true. Out: sums. */
import type { BudgetRow, FailureRow, FlowRow, TotalsRow } from '../../../src/protocol/rows.js';
import { isInbound, type Kernel, type KernelSocket, portOf } from './kernel.js';
import { sum } from './ledger.js';
import type { Report } from './script.js';

/** What the service says of a namespace. */
export interface Shown {
  totals: TotalsRow;
  flows: FlowRow[];
  budgets: BudgetRow[];
  failures: FailureRow[];
}

/** What is true of it. */
export interface Truth {
  kernel: Kernel;
  /** That connect from here. */
  scripts: readonly Report[];
  /** Whose connections arrive here. */
  visitors: readonly Report[];
  /** Ports that programs here have bound and do nothing more with: ss does not list them. */
  bound: ReadonlySet<number>;
  /** Every connection from here is bound before it connects: ss does not tell. */
  bindsFirst: boolean;
}

/* What scripts report and no counter of the kernel counts: attempts without a port, attempts that they closed, failed bind(). */
export const NO_PORT = 'EADDRNOTAVAIL';
export const GAVE_UP = 'gave up';
export const NOT_BOUND = 'EADDRINUSE';

export const textOf = ({ address, port }: BudgetRow['destination']) => `${address}:${port}`;

/** Failed calls that the scripts have reported, of the kinds that are counted. */
export function reported(scripts: readonly Report[], kinds: readonly string[]): number {
  const tallies = scripts.flatMap((script) => [...script.tallies.values()]);
  return sum(tallies, ({ failed }) => sum(kinds, (kind) => failed[kind]));
}

/** Connections from here that were established: Tcp.ActiveOpens counts each SYN. */
export function openedOut({ kernel: { counters, sockets }, scripts }: Truth): number {
  const pending = sum(sockets, ({ state }) => (state === 'SYN-SENT' ? 1 : 0));
  const failed = (counters['Tcp.AttemptFails'] ?? 0) + reported(scripts, [GAVE_UP]);
  return (counters['Tcp.ActiveOpens'] ?? 0) - failed - pending;
}

export const outbound = ({ kernel }: Truth): KernelSocket[] =>
  kernel.sockets.filter((socket) => !isInbound(kernel, socket));

/** Ports of the range that no plain connect() may choose, whatever the destination. */
export function blocked(truth: Truth): Set<number> {
  const bound = truth.bindsFirst ? outbound(truth).map(({ local }) => portOf(local)) : [];
  const { listening, usable } = truth.kernel;
  return new Set([...listening, ...truth.bound, ...bound].filter((port) => usable.has(port)));
}
