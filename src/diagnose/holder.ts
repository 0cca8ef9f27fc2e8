/**
 * Who is named as the holder of a budget's ports. In: a budget, the actors that are looked at. Out: one of them, or the holder
 * that the budget's own row names when those are not all of its holders. Pure.
 */
import { isBlockedByUnknown, takersOf } from '../forecast/takers.js';
import type { BudgetRow, ProcessInfo } from '../protocol/rows.js';
import { programKey } from './program-key.js';
import type { Actor } from './types.js';

type Named = Pick<Actor, 'process' | 'program'>;
type Holder = BudgetRow['holders'][number];

/**
 * The actor with the most ports there; of a bind pool, the one that binds most; whose bind() blocks more for it. Null: nobody is known.
 */
export function holderOf(budget: BudgetRow, actors: readonly Actor[]): Named | null {
  if (isBlockedByUnknown(budget)) return null;
  const [taker] = takersOf(budget);
  if (taker !== undefined && taker.blocked > taker.ports / 2)
    return { process: taker.process, program: null };
  const [holder] = budget.holders;
  const there = actors
    .filter((actor) => asks(actor, budget))
    .sort((a, b) => heldOf(b, budget) - heldOf(a, budget));
  const [most] = holder !== undefined && areOfSeveral(there, budget) ? there.filter(isAs(holder)) : there;
  if (most !== undefined && (holder === undefined || holdsNoLess(most, holder, budget))) return most;
  return holder === undefined ? null : { process: holder.process, program: null };
}

/** Whether they hold more toward the place than the budget: it is of one source address, and they have others. */
export function areOfSeveral(actors: readonly Actor[], { kind, used }: BudgetRow): boolean {
  return kind === 'tuple' && actors.reduce((sum, { portsHeld }) => sum + portsHeld, 0) > (used ?? 0);
}

const isAs =
  ({ process }: Holder) =>
  (actor: Actor) =>
    isOneProgram(actor.process, process);

function asks({ direction, netnsId, destination }: Actor, budget: BudgetRow): boolean {
  if (direction !== 'out' || netnsId !== budget.netnsId) return false;
  const { address, port } = budget.destination;
  return budget.kind === 'bind-pool' || (destination.address === address && destination.port === port);
}

/** Its ports there. */
export const heldOf = (actor: Actor, { kind }: BudgetRow): number =>
  kind === 'bind-pool' ? actor.bound : actor.portsHeld;

/**
 * A filter may hide the actor that holds most, and one that is left must not be taken for it. An actor of a bind pool is but one
 * of its destinations, so there programs are compared.
 */
function holdsNoLess(actor: Actor, holder: Holder, { kind }: BudgetRow): boolean {
  if (kind === 'bind-pool') return isOneProgram(actor.process, holder.process);
  return actor.portsHeld >= holder.ports;
}

const isOneProgram = (a: ProcessInfo, b: ProcessInfo) => programKey(a, null) === programKey(b, null);
