/**
 * Regular expressions in linear time (RE2), within the filter's work. In: a pattern. Out: a test of a text. RE2 builds an
 * automaton as it goes, and for some patterns one state for each character it reads, which costs ten times as much as
 * simulating the program: so the automaton's memory is bounded, and an expression that fills it goes on without.
 */
import { RE2JS } from 're2js';
import { patternCost } from './pattern-cost.js';
import { badFilter, type Value } from './words.js';
import { MAX_PATTERNS, type Work } from './work.js';

/** Bytes of states, as RE2 counts them, for all expressions of a filter: to build them takes some 10 ms. */
const AUTOMATON_BYTES = 256 * 1024;
/** Thrown through RE2 when the automaton's memory is used up. */
const FULL = new Error('the automaton is full');

export function regexTest({ text, column }: Value, work: Work): (subject: string) => boolean {
  if (text === '') throw badFilter('this regular expression is empty', column + 1);
  work.addPattern(patternCost(text, MAX_PATTERNS), column);
  const regex = compile(text, column + 1);
  const automaton = boundedAutomaton(regex, work);
  return (subject) => {
    work.spend(subject.length);
    const found = automaton().failed ? null : byAutomaton(regex, subject);
    if (found !== null) return found;
    work.spend(regex.programSize() * subject.length);
    return regex.test(subject);
  };
}

/** Null: its memory is used up, from here on RE2 simulates the program. */
function byAutomaton(regex: RE2JS, subject: string): boolean | null {
  try {
    return regex.test(subject);
  } catch (error) {
    if (error === FULL) return null;
    throw error;
  }
}

function compile(pattern: string, column: number): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    throw badFilter(error instanceof Error ? error.message : String(error), column);
  }
}

/** Made at the first use: only then it is known how many expressions share the memory. */
function boundedAutomaton(regex: RE2JS, work: Work): () => { readonly failed: boolean } {
  let made: ReturnType<RE2JS['re2']>['dfa'] | null = null;
  return () => {
    if (made !== null) return made;
    const automaton = regex.re2().dfa;
    automaton.stateBudget = Math.floor(AUTOMATON_BYTES / work.regexes);
    automaton.memBudget = automaton.stateBudget;
    /* RE2 would forget all states and build new ones, row after row. */
    automaton.resetCache = () => {
      automaton.failed = true;
      throw FULL;
    };
    made = automaton;
    return automaton;
  };
}
