/** Who listens where, as far as accepted connections show it. In: actors. Out: the one at the port that a bind() did not get. Pure. */
import type { FailureRow } from '../../../protocol/rows.js';
import type { Actor } from '../../types.js';

const ANY = ['0.0.0.0', '::', null];

export class Listeners {
  /** By namespace and port, and by address besides. Made when it is asked for: mostly nobody does. */
  private index: Map<string, Actor> | null = null;

  constructor(private readonly actors: readonly Actor[]) {}

  /** Null: it is not known. A listener that has never accepted a connection has no row. */
  of({ cause, call, netnsId, destination, process }: FailureRow): Actor | null {
    if (call !== 'bind' || cause !== 'port-in-use') return null;
    this.index ??= indexOf(this.actors);
    const { address, port } = destination;
    const found = ANY.includes(address)
      ? this.index.get(placeKey(netnsId, port))
      : [address, ...ANY].flatMap((one) => this.index?.get(placeKey(netnsId, port, one)) ?? [])[0];
    const isOwn = found !== undefined && found.process.pid !== null && found.process.pid === process.pid;
    return found === undefined || found.process.name === null || isOwn ? null : found;
  }
}

const placeKey = (netnsId: string | null, port: number | null, address?: string | null) =>
  `${netnsId} ${port} ${address === undefined ? '' : `at ${address}`}`;

/** Of several the one that has connections now: others may have ended. */
function indexOf(actors: readonly Actor[]): Map<string, Actor> {
  const index = new Map<string, Actor>();
  const inbound = actors.filter(({ direction, process }) => direction === 'in' && process.exited !== true);
  for (const actor of inbound.sort((a, b) => a.established - b.established || a.opened - b.opened)) {
    const { address, port } = actor.destination;
    index.set(placeKey(actor.netnsId, port), actor);
    index.set(placeKey(actor.netnsId, port, address), actor);
  }
  return index;
}
