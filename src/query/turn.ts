/**
 * Work in slices: a generator yields wherever it can be interrupted, and a turn says when it must be. In: generators. Out:
 * what they return, at once or after several turns of the event loop. docs/decisions/filter-cost.md
 */

export interface Turn {
  over(): boolean;
}

/** One turn in a service, ms. A single row may take some 20 ms on top. */
export const TURN_MS = 5;

/** For whoever has nothing else to do meanwhile: a command, a test. */
export const ENDLESS: Turn = { over: () => false };

/** Nothing is to be done now. */
export const ENDED: Turn = { over: () => true };

/** By the clock: a busy machine makes turns shorter in work, never longer in time. */
export class ShortTurn implements Turn {
  readonly #end: number;

  constructor(ms: number) {
    this.#end = performance.now() + ms;
  }

  over(): boolean {
    return performance.now() >= this.#end;
  }
}

/** Goes on until it is done or the turn is over; true: it is done. At least one step is done in any case. */
export function proceed(work: Iterator<void, void>, turn: Turn): boolean {
  do {
    if (work.next().done) return true;
  } while (!turn.over());
  return false;
}

/** The whole of it in one go. */
export function finish<T>(work: Iterator<void, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
