/** Actors by the budget that they take ports of: a machine has thousands of both. In: actors. Out: those of one budget. Pure. */
import type { BudgetRow } from '../../protocol/rows.js';
import type { Actor } from '../types.js';

export class ActorIndex {
  private readonly byPlace = new Map<string, Actor[]>();
  private readonly byNetns = new Map<string, Actor[]>();

  constructor(actors: readonly Actor[]) {
    for (const actor of actors) {
      if (actor.direction !== 'out') continue;
      const { netnsId, destination } = actor;
      push(this.byPlace, `${netnsId} ${destination.address} ${destination.port}`, actor);
      push(this.byNetns, `${netnsId}`, actor);
    }
  }

  /** Of a pool of bind(): all of its namespace. */
  of({ kind, netnsId, destination }: BudgetRow): readonly Actor[] {
    if (kind === 'bind-pool') return this.in(netnsId);
    return this.byPlace.get(`${netnsId} ${destination.address} ${destination.port}`) ?? [];
  }

  in(netnsId: string | null): readonly Actor[] {
    return this.byNetns.get(`${netnsId}`) ?? [];
  }
}

function push(map: Map<string, Actor[]>, key: string, actor: Actor): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [actor]);
  else known.push(actor);
}
