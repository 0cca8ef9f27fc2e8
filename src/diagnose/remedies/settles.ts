/**
 * Where an incident's budget settles with a remedy, by the what-if of the forecast at today's demand. In: a budget, who takes its ports,
 * settings, a change. Out: ports that are held in the end, and whether that is enough. Pure.
 */
import { type Changes, project, type Stream, UNCHANGED } from '../../forecast/projection.js';
import type { BudgetRow, TotalsRow } from '../../protocol/rows.js';
import type { Actor } from '../types.js';
import { integer } from '../words.js';
import type { Held } from './holding.js';

export interface Demand {
  readonly budget: BudgetRow | null;
  readonly totals: TotalsRow | undefined;
  /** Who takes ports of it. */
  readonly actors: readonly Actor[];
  /** In what state its ports are. */
  readonly held: Held;
}

export interface Settled {
  /** Null: not known. */
  readonly settlesAt: number | null;
  /** What is still missing; empty: nothing. */
  readonly words: string;
}

const UNKNOWN: Settled = { settlesAt: null, words: '' };

/** Of ports that bind() chooses it is not known: what-if is about connect(). */
export function settled(
  { budget, totals, actors, held }: Demand,
  change: Partial<Changes> | undefined,
): Settled {
  if (change === undefined || budget?.kind !== 'tuple' || totals === undefined) return UNKNOWN;
  if (held.most === 'bind') return UNKNOWN;
  if (budget.demandPerSec === null && budget.openPerSec === null) return UNKNOWN;
  const projection = project(budget, actors.map(streamOf), totals, { ...UNCHANGED, ...change });
  if (projection === null) return UNKNOWN;
  const needed = projection.neededPortsLeast ?? projection.neededPorts;
  const isShort = needed > projection.limitEach;
  return {
    settlesAt: Math.min(projection.limitEach, Math.max(kept(actors, change), projection.settlesAt)),
    words: isShort ? ` Not enough alone: this demand needs ${integer(needed)} ports.` : '',
  };
}

/** Connections that stay open: each process that reuses them keeps one at least. */
function kept(actors: readonly Actor[], { reused }: Partial<Changes>): number {
  if (!reused) return 1;
  return Math.max(1, actors.filter(({ process }) => process.pid !== null && process.exited !== true).length);
}

function streamOf({ openPerSec, closed, closedFirst, lifetimeMs }: Actor): Stream {
  return { openPerSec, closePerSec: null, closed, closedFirst, lifetimeMs: { p50: lifetimeMs, p99: null } };
}
