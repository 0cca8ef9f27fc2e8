/**
 * Rows drawn in turns: what one tick changes is a hundred cells, whose layout alone would make a frame long. In: rows that have changed. Out: some
 * of them drawn in each frame.
 */
import { inTurn } from '../../state/turns.js';

/** Of those of the culprits, the widest: what fits a frame with room to spare. */
const ROWS_A_FRAME = 5;

export interface Redrawn {
  forceUpdate(): void;
}

const waiting = new Set<Redrawn>();

export function drawInTurn(row: Redrawn): void {
  waiting.add(row);
  inTurn(waiting, drawSome);
}

export function leaveRows(row: Redrawn): void {
  waiting.delete(row);
}

function drawSome(): void {
  for (const row of [...waiting].slice(0, ROWS_A_FRAME)) {
    waiting.delete(row);
    row.forceUpdate();
  }
  if (waiting.size > 0) inTurn(waiting, drawSome);
}
