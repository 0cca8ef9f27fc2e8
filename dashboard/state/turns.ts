/**
 * Drawing in turns: one piece of work in each animation frame, so that what comes at once, rows, charts, a map, makes no frame long. In: work,
 * by whom. What somebody wants to draw anew before his turn has come takes the place of what he wanted.
 */

/** A frame that comes so late, ms, is of a browser that has no time: then all that waits is drawn in it, or what is drawn would lag behind. */
const LATE_MS = 100;

const waiting = new Map<object, () => void>();
let frame = 0;
/** When it was asked for, by the page's clock. */
let asked = 0;

export function inTurn(owner: object, work: () => void): void {
  waiting.set(owner, work);
  if (frame === 0) ask();
}

/** There is nothing to draw any more. */
export function leaveTurn(owner: object): void {
  waiting.delete(owner);
}

function ask(): void {
  asked = performance.now();
  frame = requestAnimationFrame(next);
}

function next(): void {
  frame = 0;
  const isLate = performance.now() - asked > LATE_MS;
  do takeTurn();
  while (isLate && waiting.size > 0);
}

function takeTurn(): void {
  const [first] = waiting;
  if (first === undefined) return;
  const [owner, work] = first;
  waiting.delete(owner);
  if (frame === 0 && waiting.size > 0) ask();
  work();
}
