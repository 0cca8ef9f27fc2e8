/**
 * Who has taken the ports that the connect() calls of a budget could have: those who hold them toward its destination, and those whose bind()
 * blocks them for every destination. In: a budget's row. Out: who, how many; null where it is not known whose most of them are. Pure.
 */
import type { BudgetRow, ProcessInfo } from '../protocol/rows.js';

/** Who has less of the ports than this share is not named alone. */
export const NAMED_SHARE = 1 / 3;
/** Who has this much of what the first one has is named beside it; less is counted. */
export const NAMED_BESIDE = 0.5;

export interface Taker {
  readonly process: ProcessInfo;
  /** Those that it blocks among them. */
  readonly ports: number;
  /** Of these, the ones that bind() blocks. */
  readonly blocked: number;
}

/** An older service names no blockers. */
export type Taken = Pick<BudgetRow, 'holders'> & Partial<Pick<BudgetRow, 'used' | 'blocked' | 'blockers'>>;

/** The most ports first. */
export function takersOf({ holders, blockers }: Taken): Taker[] {
  const takers = new Map<string, Taker>();
  for (const { process, ports } of holders) add(takers, process, ports, 0);
  for (const { process, ports } of blockers ?? []) add(takers, process, ports, ports);
  return [...takers.values()].sort((a, b) => b.ports - a.ports);
}

function add(takers: Map<string, Taker>, process: ProcessInfo, ports: number, blocked: number): void {
  const key = [process.pid, process.startTime, process.name, process.unit].join(' ');
  const before = takers.get(key);
  takers.set(key, {
    process: before?.process ?? process,
    ports: ports + (before?.ports ?? 0),
    blocked: blocked + (before?.blocked ?? 0),
  });
}

/** bind() blocks more of the ports than the budget holds itself. */
export const isMostlyBlocked = ({ used = null, blocked = null }: Taken): boolean =>
  (blocked ?? 0) > (used ?? 0);

/** Most of what is taken is blocked, by nobody who is known. */
export function isBlockedByUnknown(row: Taken): boolean {
  const known = (row.blockers ?? []).reduce((sum, { ports }) => sum + ports, 0);
  const [first] = takersOf(row);
  return isMostlyBlocked(row) && (row.blocked ?? 0) - known > (first?.ports ?? 0);
}
