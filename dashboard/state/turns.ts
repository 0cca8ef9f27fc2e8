/**
 * Drawing in turns: one piece of work in each animation frame, so that what comes at once, rows, charts, a map, makes no frame long. In: work,
 * by whom. What somebody wants to draw anew before his turn has come takes the place of what he wanted.
 */
const waiting = new Map<object, () => void>();
let frame = 0;

export function inTurn(owner: object, work: () => void): void {
  waiting.set(owner, work);
  if (frame === 0) frame = requestAnimationFrame(next);
}

/** There is nothing to draw any more. */
export function leaveTurn(owner: object): void {
  waiting.delete(owner);
}

function next(): void {
  frame = 0;
  const [first] = waiting;
  if (first === undefined) return;
  const [owner, work] = first;
  waiting.delete(owner);
  if (waiting.size > 0) frame = requestAnimationFrame(next);
  work();
}
