/** In what state the ports are that an incident is about. In: its budget, who takes ports of it. Out: the state of most of them. Pure. */
import type { BudgetRow } from '../../protocol/rows.js';
import type { Actor } from '../types.js';

/** `live`: connections that are in use. `bind`: whatever their state, bind() has chosen them. */
export type Holding = 'time-wait' | 'fin-wait-2' | 'live' | 'bind';

export interface Held {
  /** Null: in no state that most of them share, or not known. */
  readonly most: Holding | null;
  readonly used: number;
  /** In TIME_WAIT, without those in FIN_WAIT2. */
  readonly timeWait: number;
  readonly finWait2: number;
}

/** Of the ports, from which they are most. */
const MOST = 0.5;

export function heldBy(budget: BudgetRow | null, actors: readonly Actor[]): Held {
  const used = budget?.used ?? 0;
  const entries = budget?.timeWait ?? 0;
  const finWait2 = Math.min(
    used,
    actors.reduce((sum, actor) => sum + actor.finWait2, 0),
  );
  const held = { used, finWait2, timeWait: Math.max(0, entries - finWait2) };
  const bound = budget?.bound ?? actors.reduce((sum, actor) => sum + actor.bound, 0);
  return { ...held, most: mostOf(budget, held, bound) };
}

function mostOf(
  budget: BudgetRow | null,
  { used, finWait2, timeWait }: Omit<Held, 'most'>,
  bound: number,
): Holding | null {
  if (budget === null) return null;
  const isBlocked = (budget.blocked ?? 0) >= MOST * (budget.limit ?? Number.POSITIVE_INFINITY);
  const isMost = (ports: number) => ports > 0 && ports >= MOST * used;
  if (budget.kind === 'bind-pool' || isBlocked || isMost(bound)) return 'bind';
  if (isMost(finWait2)) return 'fin-wait-2';
  if (isMost(timeWait)) return 'time-wait';
  return isMost((budget.established ?? 0) + (budget.other ?? 0)) ? 'live' : null;
}
