/**
 * The port map that the service sends while somebody looks. In: a budget, whether anybody looks. Out: the newest map; null until there is one.
 */
import { useEffect, useState } from 'preact/hooks';
import type { PortOwner } from '../../../src/protocol/ports/schema.js';
import { bytesOf, type Counts, countsOf } from '../../charts/port-grid.js';
import { sides } from '../../state/model.js';

export interface Ports {
  budget: string;
  first: number;
  owners: readonly PortOwner[];
  cells: Uint8Array;
  counts: Counts;
}

/** `known`: the budget has a row. One that has ended, and comes again, is asked for again. */
export function usePorts(budget: string | null, live: boolean, known: boolean): Ports | null {
  const [ports, setPorts] = useState<Ports | null>(null);
  useEffect(() => {
    if (budget === null || !live) return;
    return sides.ports(budget, {
      frame({ first, owners, cells: text }) {
        if (first === null) return setPorts(null);
        const cells = bytesOf(text);
        setPorts({ budget, first, owners, cells, counts: countsOf(cells) });
      },
      refused: () => setPorts(null),
    });
  }, [budget, live, known]);
  return ports?.budget === budget ? ports : null;
}
