/**
 * Events were lost that nothing counted, and nobody knows whose: what was there then may count too few for good, and what came
 * later may not. In: owners, when the last of them were lost. Out: whether a new row of an owner may lack some.
 */
import type { Owner } from './owner.js';

/** A process that started later has lost nothing. A program takes over the doubts of its processes. @param lostAt Unix ms, 0 never */
export function mayLack(owner: Owner, lostAt: number): boolean {
  return lostAt > 0 && owner.id >= 0 && (owner.info().startTime ?? 0) <= lostAt;
}
