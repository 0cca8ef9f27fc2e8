/**
 * Finds both sockets of one connection on this machine: the same ends, seen from one side and from the other. In: the ends as the client has
 * them. Out: the client's flow and the server's, or null where there is none, or more than one that could be it: the same addresses may be in use
 * in many namespaces.
 */
import { DIRECTION } from '../../decode/layout.js';
import type { Flow } from '../model/flow.js';
import type { Namespace } from '../model/namespace.js';
import { Tuple } from '../model/tuple.js';
import type { NamespaceTable } from '../tables/namespace-table.js';
import type { SocketTable } from '../tables/socket-table.js';
import { isLoopback, KeptEnds } from './kept-ends.js';

export interface Pair {
  readonly client: Flow;
  readonly server: Flow;
}

/** Whether a socket of the table can be of this connection: its ends alone may be those of an earlier one. */
type Fits = (slot: number) => boolean;

/** A socket with these ends; the known end fits by itself. */
interface Candidate {
  readonly flow: Flow;
  readonly fits: boolean;
}

export class PeerJoin {
  private readonly tuple = new Tuple();
  private readonly mirrored = new KeptEnds();
  /** Since it was last set to 0: what bounds a second's work. */
  lookups = 0;

  constructor(
    private readonly namespaces: NamespaceTable,
    private readonly sockets: SocketTable,
  ) {}

  /** @param ends as the client has them. @param known one end of the connection: client or server, by its direction */
  find(ends: KeptEnds, known: Flow, fits: Fits): Pair | null {
    this.mirrored.mirror(ends);
    const where = isLoopback(ends.remote) ? [known.namespace] : [...this.namespaces.all()];
    const clients = this.all(ends, DIRECTION.OUT, where, known, fits);
    const servers = this.all(this.mirrored, DIRECTION.IN, where, known, fits);
    return within(known.namespace, clients, servers) ?? alone(clients, servers);
  }

  /** Sockets with these ends in any of the namespaces: not in those of users other than whose the known end is. */
  private all(
    ends: KeptEnds,
    direction: number,
    where: readonly Namespace[],
    known: Flow,
    fits: Fits,
  ): Candidate[] {
    const isKnown = known.direction === direction;
    const found: Candidate[] = isKnown ? [{ flow: known, fits: true }] : [];
    for (const namespace of where) {
      if (!namespace.isLiving || (isKnown && namespace === known.namespace)) continue;
      if (namespace !== known.namespace && !mayHold(namespace, known)) continue;
      this.lookups += 1;
      const slot = this.sockets.holderOf(this.tuple.of(ends, namespace.cookie));
      if (slot < 0 || this.sockets.flowOf(slot).direction !== direction) continue;
      found.push({ flow: this.sockets.flowOf(slot), fits: fits(slot) });
    }
    return found;
  }
}

/** Both in one namespace: packets to an address of its own never leave it. */
function within(
  namespace: Namespace,
  clients: readonly Candidate[],
  servers: readonly Candidate[],
): Pair | null {
  const isHere = ({ flow, fits }: Candidate) => fits && flow.namespace === namespace;
  const client = clients.find(isHere);
  const server = servers.find(isHere);
  return client && server ? { client: client.flow, server: server.flow } : null;
}

/**
 * Whether an end of this flow's connections may lie there. A user makes any connection in a namespace of his own, also with the addresses of
 * others: what is found there is believed of his own flows alone. Whose it is may not be known yet: that is no.
 */
export function mayHold({ ownerUid }: Namespace, known: Flow): boolean {
  const knownUid = known.namespace.ownerUid;
  if (ownerUid === null || knownUid === null) return false;
  return ownerUid === knownUid || (ownerUid === 0 && known.direction === DIRECTION.OUT);
}

function alone(clients: readonly Candidate[], servers: readonly Candidate[]): Pair | null {
  const [client] = clients;
  const [server] = servers;
  if (!client?.fits || !server?.fits || clients.length + servers.length > 2) return null;
  return { client: client.flow, server: server.flow };
}
