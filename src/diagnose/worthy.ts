/**
 * Which failure rows are read when somebody fails on purpose at thousands of places: those for want of ports, and the fastest. In: rows, how
 * many. Out: so many of them. Pure. Nothing is sorted: the rows are counted by how fast they are, and read down to where it is enough.
 */
import { wantsPorts } from '../forecast/outlook.js';
import type { FailureRow } from '../protocol/rows.js';

/** Steps of a tenth of a power of two; a step of its own for want of ports, above all others. */
const STEPS_PER_POWER = 10;
const FASTEST = 20 * STEPS_PER_POWER;

function stepOf(row: FailureRow): number {
  if (wantsPorts(row)) return FASTEST + 1;
  return Math.min(FASTEST, Math.round(STEPS_PER_POWER * Math.log2(1 + (row.perSec ?? 0))));
}

/** In their order; of the last step that has room for some, the first ones. */
export function worthy(rows: readonly FailureRow[], most: number): readonly FailureRow[] {
  if (rows.length <= most) return rows;
  const steps = Uint8Array.from(rows, stepOf);
  const counts = new Array<number>(FASTEST + 2).fill(0);
  for (const step of steps) counts[step] = (counts[step] as number) + 1;
  let last = FASTEST + 1;
  let room = most;
  while (last > 0 && (counts[last] as number) <= room) room -= counts[last--] as number;
  return rows.filter((_, i) => {
    const step = steps[i] as number;
    return step > last || (step === last && room-- > 0);
  });
}
