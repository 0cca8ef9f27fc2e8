/**
 * What the diagnosis of a filtered service speaks of: the rows that publish shows, so that what is said and what is shown cannot
 * contradict each other. In: the filter expression. Out: a scope for the engine. Throws BAD_FILTER.
 */
import type { Scope as Spoken } from '../diagnose/types.js';
import { Scope } from '../query/scope.js';

/** Undefined: there is no filter, and the diagnosis is about the whole machine. */
export function scopeOf(filter: string): Spoken | undefined {
  const scope = new Scope(filter);
  return scope.isFiltered ? scope : undefined;
}
