/**
 * In which order the tables of a publish tick are drawn: the flows, which are many, the budgets, on which their rows depend, then all the rest. In:
 * which of them have changed. Out: which one is next. Pure but for its place.
 */
const FIRST = ['flows', 'budgets'] as const;
type First = (typeof FIRST)[number];

export class Steps {
  /** What comes meanwhile does not begin anew, or the rest would never have its turn. */
  #done = 0;

  /** Null: it is all the rest's turn, and the next one begins with the first again. */
  next(hasChanged: (topic: First) => boolean): First | null {
    while (this.#done < FIRST.length) {
      const topic = FIRST[this.#done++] as First;
      if (hasChanged(topic)) return topic;
    }
    this.#done = 0;
    return null;
  }
}
