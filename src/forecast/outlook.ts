/**
 * How port budgets stand, as every screen reads them: how full, what comes next, which is the tightest, what fails for want of
 * ports. In: budget and failure rows. Out: facts; their words are in outlook-words.ts. No schema library here: the page imports these values.
 */
import type { BudgetRow, FailureRow } from '../protocol/rows.js';

export type Outlook =
  /** No port is left. `backSeconds`: when the first ones come back; null: by no timer. */
  | { state: 'out'; backSeconds: number | null }
  | { state: 'running-out'; seconds: number }
  /** TIME_WAIT entries hold ports, but connect() takes those over after tcp_tw_reuse_delay. */
  | { state: 'reused' }
  /** A bind pool that nobody has bound from lately: however full, nothing is about to fail. */
  | { state: 'unwanted' }
  | { state: 'draining'; backSeconds: number }
  | { state: 'steady' };

export type Level = 'fine' | 'warning' | 'critical';

/** Share of the limit from which a budget is a warning, and critical. */
const WARNING = 0.7;
const CRITICAL = 0.9;
/** Running out within this is critical, seconds; beyond the other a countdown ranks no budget above a fuller one. */
export const CRITICAL_SECONDS = 60;
const SOON_SECONDS = 600;
/** A failure shows that it goes on for this long, ms. */
const FAILING_MS = 3000;

/** Ports that no new connection can have, over the limit: 0 to 1; null when either is unknown. */
export function fullness({ limit, used, blocked, free }: BudgetRow): number | null {
  if (limit === null || limit === 0 || used === null) return null;
  /* Some of what is held may lie outside the range: `free` alone knows. */
  if (free !== null && used + (blocked ?? 0) > limit - free) return Math.max(0, 1 - free / limit);
  return Math.min(1, (used + (blocked ?? 0)) / limit);
}

/**
 * Ports that are held outside of the range, as far as it is known: at least so many. Of ports that are held toward a destination some may
 * be blocked by bind() too, and those are none outside.
 */
export function outsideOf({ kind, limit, used, blocked, free }: BudgetRow): number {
  if (limit === null || used === null) return 0;
  if (free === null || (free === 0 && kind === 'tuple')) return Math.max(0, used - limit);
  return Math.max(0, used + (blocked ?? 0) + free - limit);
}

export function outlook(row: BudgetRow): Outlook {
  const { exhaustionSeconds, free, reuse, timeWait } = row;
  if (isUnwanted(row)) return { state: 'unwanted' };
  const backSeconds = row.releasing[0]?.[0] ?? null;
  const reused = reuse === 'after-delay' && (timeWait ?? 0) > 0;
  if (exhaustionSeconds === 0 || (free === 0 && !reused)) return { state: 'out', backSeconds };
  if (exhaustionSeconds !== null) return { state: 'running-out', seconds: exhaustionSeconds };
  if (reused) return { state: 'reused' };
  return backSeconds === null ? { state: 'steady' } : { state: 'draining', backSeconds };
}

function isUnwanted({ kind, demandPerSec }: BudgetRow): boolean {
  return kind === 'bind-pool' && demandPerSec === 0;
}

export function level(row: BudgetRow): Level {
  const next = outlook(row);
  if (next.state === 'out') return 'critical';
  if (next.state === 'running-out' && next.seconds <= CRITICAL_SECONDS) return 'critical';
  const share = pressure(row);
  if (share >= CRITICAL) return 'critical';
  return share >= WARNING || next.state === 'running-out' ? 'warning' : 'fine';
}

/** Ports that TIME_WAIT will not give up in time, over the limit. */
export function pressure(row: BudgetRow): number {
  if (isUnwanted(row)) return 0;
  const share = fullness(row) ?? 0;
  return outlook(row).state === 'reused'
    ? Math.max(0, share - (row.timeWait ?? 0) / (row.limit ?? 1))
    : share;
}

/** Order of urgency: what is out of ports, what soon will be, then the fullest. Ties by key. */
export function byTightness(a: BudgetRow, b: BudgetRow): number {
  return deadline(a) - deadline(b) || pressure(b) - pressure(a) || (a.key < b.key ? -1 : 1);
}

/** Seconds, SOON_SECONDS for anything later or never. */
function deadline(row: BudgetRow): number {
  const next = outlook(row);
  if (next.state === 'out') return 0;
  return next.state === 'running-out' ? Math.min(next.seconds, SOON_SECONDS) : SOON_SECONDS;
}

/** The budget to speak of first; those whose limit is not known say nothing. */
export function tightestOf(budgets: readonly BudgetRow[]): BudgetRow | null {
  let tightest: BudgetRow | null = null;
  for (const row of budgets)
    if (row.limit !== null && (tightest === null || byTightness(row, tightest) < 0)) tightest = row;
  return tightest;
}

export function isOut(budget: BudgetRow | null): boolean {
  return budget !== null && outlook(budget).state === 'out';
}

/** It failed for want of ports. */
export const wantsPorts = ({ cause }: FailureRow): boolean =>
  cause === 'ports-exhausted' || cause === 'bind-pool-exhausted';

/**
 * Of these, those of places where calls fail now, each place's together: the place where most fail first, there the fastest first. Of many
 * processes that try once each, those of ten seconds ago are part of a rate, too.
 * @param time Unix ms
 */
export function failingNow(failures: readonly FailureRow[], time: number): FailureRow[] {
  const isNow = ({ lastSeen }: FailureRow) => time - (lastSeen ?? 0) < FAILING_MS;
  const places = new Map<string, FailureRow[]>();
  for (const row of failures.filter(wantsPorts)) {
    if (!isNow(row) && !row.perSec) continue;
    const place = places.get(placeOf(row));
    if (place === undefined) places.set(placeOf(row), [row]);
    else place.push(row);
  }
  return [...places.values()]
    .filter((rows) => rows.some(isNow))
    .sort((a, b) => failPerSec(b) - failPerSec(a))
    .flatMap((rows) => rows.sort((a, b) => (b.perSec ?? 0) - (a.perSec ?? 0)));
}

/** The rows of the first one's place, and all others. */
export function byPlace(failing: readonly FailureRow[]): { here: FailureRow[]; elsewhere: FailureRow[] } {
  const [worst] = failing;
  const isHere = (row: FailureRow) => worst !== undefined && placeOf(row) === placeOf(worst);
  return { here: failing.filter(isHere), elsewhere: failing.filter((row) => !isHere(row)) };
}

export function failPerSec(rows: readonly FailureRow[]): number {
  return rows.reduce((sum, { perSec }) => sum + (perSec ?? 0), 0);
}

/** The budget; where it is not known, the namespace and what the calls wanted to reach. */
function placeOf({ budget, netnsId, call, destination }: FailureRow): string {
  return budget ?? `${netnsId} ${call} ${destination.address} ${destination.port}`;
}
