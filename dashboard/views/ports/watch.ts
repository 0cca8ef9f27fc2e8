/**
 * The port map that the service sends while somebody looks. In: a budget, whether anybody looks. Out: the newest map; null until there is one.
 */
import { useEffect, useState } from 'preact/hooks';
import type { PortOwner } from '../../../src/protocol/ports/schema.js';
import { type Counts, countsOf } from '../../../src/view/ports/counts.js';
import { bytesOf } from '../../charts/port-grid.js';
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
    const turn = new NextFrame();
    const end = sides.ports(budget, {
      frame({ first, owners, cells: text }) {
        if (first === null) return setPorts(null);
        turn.do(() => {
          const cells = bytesOf(text);
          setPorts({ budget, first, owners, cells, counts: countsOf(cells) });
        });
      },
      refused: () => setPorts(null),
    });
    return () => {
      turn.cancel();
      end();
    };
  }, [budget, live, known]);
  return ports?.budget === budget ? ports : null;
}

/** Work that has a frame of its own: a map comes together with the rows of that second, which are drawn first. */
class NextFrame {
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  do(work: () => void): void {
    this.cancel();
    this.#frame = requestAnimationFrame(() => {
      this.#timer = setTimeout(work);
    });
  }

  cancel(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }
}
