/** Who listens where, as far as accepted connections show it. In: actors. Out: the one at the port that a bind() did not get. Pure. */
import type { FailureRow } from '../../../protocol/rows.js';
import type { Actor } from '../../types.js';

const ANY: ReadonlySet<string | null> = new Set(['0.0.0.0', '::', null]);

export class Listeners {
  /** Made when it is asked for: mostly nobody does. */
  private byPort: Map<string, Actor[]> | null = null;

  constructor(private readonly actors: readonly Actor[]) {}

  /** Null: it is not known. A listener that has never accepted a connection has no row. */
  of({ cause, call, netnsId, destination, process }: FailureRow): Actor | null {
    if (call !== 'bind' || cause !== 'port-in-use') return null;
    this.byPort ??= index(this.actors);
    const { address, port } = destination;
    const there = this.byPort.get(`${netnsId} ${port}`) ?? [];
    const found = there.find(
      (actor) =>
        ANY.has(address) || ANY.has(actor.destination.address) || actor.destination.address === address,
    );
    const isOwn = found !== undefined && found.process.pid !== null && found.process.pid === process.pid;
    return found === undefined || found.process.name === null || isOwn ? null : found;
  }
}

/** Those that have connections now come first: others may have ended. */
function index(actors: readonly Actor[]): Map<string, Actor[]> {
  const byPort = new Map<string, Actor[]>();
  const inbound = actors.filter(({ direction, process }) => direction === 'in' && process.exited !== true);
  for (const actor of inbound.sort((a, b) => b.established - a.established || b.opened - a.opened)) {
    const key = `${actor.netnsId} ${actor.destination.port}`;
    const known = byPort.get(key);
    if (known === undefined) byPort.set(key, [actor]);
    else known.push(actor);
  }
  return byPort;
}
