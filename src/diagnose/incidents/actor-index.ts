/** Actors by the budget that they take ports of, and by where they accept: a machine has thousands of both. In: actors. Out: those of one budget. Pure. */
import type { BudgetRow, Endpoint } from '../../protocol/rows.js';
import type { Actor, Tables } from '../types.js';

export class ActorIndex {
  private readonly byPlace = new Map<string, Actor[]>();
  private readonly byNetns = new Map<string, Actor[]>();
  private readonly byListener = new Map<string, Actor[]>();
  /** Made when somebody asks. */
  private byName: Map<string, Actor[]> | null = null;

  constructor(actors: readonly Actor[]) {
    for (const actor of actors) {
      const { netnsId, destination, direction } = actor;
      if (direction === 'in') push(this.byListener, listenerOf(destination), actor);
      if (direction !== 'out') continue;
      push(this.byPlace, `${netnsId} ${destination.address} ${destination.port}`, actor);
      push(this.byNetns, `${netnsId}`, actor);
    }
  }

  /** Of a pool of bind(): all of its namespace. */
  of({ kind, netnsId, destination }: BudgetRow): readonly Actor[] {
    if (kind === 'bind-pool') return this.in(netnsId);
    return this.byPlace.get(`${netnsId} ${destination.address} ${destination.port}`) ?? [];
  }

  /** Those that accept there, of any namespace. */
  acceptingAt(destination: Endpoint): readonly Actor[] {
    return this.byListener.get(listenerOf(destination)) ?? [];
  }

  /** @param name of the process */
  named(netnsId: string | null, name: string | null): readonly Actor[] {
    this.byName ??= this.names();
    return this.byName.get(`${netnsId} ${name}`) ?? [];
  }

  in(netnsId: string | null): readonly Actor[] {
    return this.byNetns.get(`${netnsId}`) ?? [];
  }

  private names(): Map<string, Actor[]> {
    const byName = new Map<string, Actor[]>();
    for (const [netnsId, actors] of this.byNetns)
      for (const actor of actors) push(byName, `${netnsId} ${actor.process.name}`, actor);
    return byName;
  }
}

const listenerOf = ({ address, port }: Endpoint) => `${address} ${port}`;

/** Rules and incidents ask for the same second. */
const known = new WeakMap<Tables, ActorIndex>();

export function actorIndexOf(tables: Tables): ActorIndex {
  const before = known.get(tables);
  if (before !== undefined) return before;
  const made = new ActorIndex(tables.actors);
  known.set(tables, made);
  return made;
}

function push(map: Map<string, Actor[]>, key: string, actor: Actor): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [actor]);
  else known.push(actor);
}
