/**
 * TIME_WAIT over all namespaces: what we count, what has an owner, what the kernel's own table held at the last audit.
 * In: totals rows. Out: sums.
 */
import type { TotalsRow } from '../protocol/rows.js';

export interface Census {
  /** Entries we count now: those of the last audit and what events said since. */
  ours: number;
  /** Of these, entries whose owner is known. */
  owned: number;
  /** Entries in the kernel's table when it was last read. */
  kernel: number;
  /** Age of that reading, ms: of the oldest one that a namespace with entries has. */
  ageMs: number;
}

/** Null: no namespace has been audited yet. */
export function census(totals: readonly TotalsRow[]): Census | null {
  const audited = totals.filter((row) => row.auditAgeMs !== null);
  if (audited.length === 0) return null;
  const sum = (of: (row: TotalsRow) => number | null) =>
    audited.reduce((all, row) => all + (of(row) ?? 0), 0);
  const holding = audited.filter((row) => (row.timeWait ?? 0) > 0);
  return {
    ours: sum((row) => row.timeWait),
    owned: sum((row) => row.timeWaitAttributed),
    kernel: sum((row) => row.states['time-wait'] ?? 0),
    ageMs: Math.max(...(holding.length > 0 ? holding : audited).map((row) => row.auditAgeMs ?? 0)),
  };
}
