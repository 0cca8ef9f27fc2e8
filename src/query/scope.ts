/**
 * What a service-wide filter shows: publish shows these rows, and the diagnosis speaks of them alone. In: the expression, and the
 * rows of totals, which name the namespaces. Out: a test of rows. Two scopes of one expression that learn from the same rows agree.
 */
import type { TotalsRow } from '../protocol/rows.js';
import { parseFilter } from './filter/parse.js';
import type { Subject } from './filter/subject.js';
import { Namespaces } from './namespaces.js';

export class Scope {
  /** False: there is no filter, and everything is shown. */
  readonly isFiltered: boolean;
  readonly namespaces = new Namespaces();
  readonly #matches: (row: Subject) => boolean;

  /** Throws BAD_FILTER. */
  constructor(filter: string) {
    this.isFiltered = filter.trim() !== '';
    this.#matches = parseFilter(filter, this.namespaces).matches;
  }

  readonly shows = (row: Subject): boolean => this.#matches(row);

  /** All rows of totals that there are. */
  learn(totals: readonly TotalsRow[]): void {
    this.namespaces.learnAll(totals);
  }
}
