/**
 * The port map that the service sends while somebody looks. In: a budget, whether anybody looks. Out: the newest map; null until there is one.
 */
import { useEffect, useState } from 'preact/hooks';
import type { PortOwner } from '../../../src/protocol/ports/schema.js';
import { type Counts, countsOf } from '../../../src/view/ports/counts.js';
import { bytesOf } from '../../charts/port-grid.js';
import { sides } from '../../state/model.js';
import { inTurn, leaveTurn } from '../../state/turns.js';

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
    const turn = {};
    const end = sides.ports(budget, {
      frame({ first, owners, cells: text }) {
        if (first === null) return setPorts(null);
        inTurn(turn, () => {
          const cells = bytesOf(text);
          setPorts({ budget, first, owners, cells, counts: countsOf(cells) });
        });
      },
      refused: () => setPorts(null),
    });
    return () => {
      leaveTurn(turn);
      end();
    };
  }, [budget, live, known]);
  return ports?.budget === budget ? ports : null;
}
