/**
 * Who owns a connection and its TIME_WAIT entry: the one place where that is decided. An owner can become known in five
 * ways; an earlier line wins over a later one, and an owner that is known (SOCKET_FLAG.ATTRIBUTED) is never replaced by a
 * guess:
 *
 * 1. The event names it (`ofEvent`): outbound the process that called connect(), inbound the one whose accept() returned.
 *    An inbound event without an acceptor names the listener's process, or else the process that closed.
 * 2. A close finds the owner that the socket has already (`atClose`), because the close itself may name only the listener.
 * 3. A descriptor that was open at the start names the process that held it (the seed event, as in 1).
 * 4. An event that found no room in the ring left its owner in the kernel (`ofDumped`, LostOwners), for the dump to find; or
 *    an earlier run of the service has written it down (SavedOwners).
 * 5. A dump shows a socket that no event named (`ofDumped`): the process that holds its descriptor, where /proc was
 *    scanned; a live inbound socket belongs to the process that listens on its port; else the owner is unknown.
 *
 * The kernel copies a socket's cookie into its TIME_WAIT entry, so the entry keeps whatever owner its socket had.
 */
import type { TcpEvent } from '../../decode/batch.js';
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import type { Owner } from '../model/owner.js';
import type { Process } from '../model/process.js';
import { SOCKET_FLAG } from '../model/socket-state.js';
import type { ProcessTable } from '../tables/process-table.js';
import type { SocketTable } from '../tables/socket-table.js';

/** What is known of the owner of a socket that a dump shows and no event named. */
export interface DumpedOwners {
  /** From the kernel's record of an event that was lost. */
  readonly lost: Owner | null;
  /** Holds a descriptor of the socket. */
  readonly holder: Owner | null;
  readonly listener: Owner | null;
}

export class Attribution {
  constructor(
    private readonly processes: ProcessTable,
    private readonly sockets: SocketTable,
  ) {}

  /** Ways 1 and 3: the owner that the event names, else the closer. */
  ofEvent(event: TcpEvent): Owner {
    const isNamed = event.owner !== 0 || event.ownerTgid !== 0;
    const process = isNamed
      ? this.processes.of(event.owner, event.ownerTgid)
      : this.processes.of(event.closer, event.closerTgid);
    return process.accountable;
  }

  /** Way 2: the flow of a socket whose owner is known already; null: what the event names is all there is. */
  atClose(event: TcpEvent): Flow | null {
    const slot = this.sockets.find(event.cookieLow, event.cookieHigh);
    const isKnown = slot >= 0 && this.sockets.hasFlag(slot, SOCKET_FLAG.ATTRIBUTED);
    return isKnown ? this.sockets.flowOf(slot) : null;
  }

  /** Ways 4 and 5. */
  ofDumped({ lost, holder, listener }: DumpedOwners): Owner {
    return (lost ?? holder ?? listener ?? this.processes.unknown).accountable;
  }

  /** Who sent the first local FIN; null: not known. */
  closerOf(event: TcpEvent): Process | null {
    const isKnown = event.closer !== 0 || event.closerTgid !== 0;
    return isKnown ? this.processes.of(event.closer, event.closerTgid) : null;
  }
}

/** A socket older than the tracer does not say which end opened it: toward a port that a local process listens on, it came in. */
export function directionOf(socket: { direction: number; localPort: number }, namespace: Namespace): number {
  if (socket.direction !== DIRECTION.NONE) return socket.direction;
  return namespace.listeners.has(socket.localPort) ? DIRECTION.IN : DIRECTION.OUT;
}
