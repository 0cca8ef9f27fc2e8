/**
 * What a service-wide filter shows: publish shows these rows, and the diagnosis speaks of them alone. In: the expression, and the
 * rows of totals, which name the namespaces. Out: a test of rows. Two scopes of one expression that learn from the same rows agree.
 */
import type { TotalsRow } from '../protocol/rows.js';
import { parseFilter } from './filter/parse.js';
import type { Subject } from './filter/subject.js';

export class Scope {
  /** False: there is no filter, and everything is shown. */
  readonly isFiltered: boolean;
  readonly #names = new Map<number, string>();
  readonly #matches: (row: Subject) => boolean;

  /** Throws BAD_FILTER. */
  constructor(filter: string) {
    this.isFiltered = filter.trim() !== '';
    this.#matches = parseFilter(filter, this.netnsName).matches;
  }

  readonly shows = (row: Subject): boolean => this.#matches(row);

  readonly netnsName = (inode: number): string | null => this.#names.get(inode) ?? null;

  /** True: a name is new, so that rows which were judged before may be judged otherwise. */
  learn(rows: Iterable<TotalsRow>): boolean {
    let isNew = false;
    for (const { netns, name } of rows) {
      if (netns === null || name === null || this.#names.get(netns) === name) continue;
      this.#names.set(netns, name);
      isNew = true;
    }
    return isNew;
  }
}
