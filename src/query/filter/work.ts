/**
 * What one filter costs, counted in steps, so that a limit does not depend on how busy the machine is. A step is about what
 * one instruction of a regular expression costs for one character: ten to forty nanoseconds. In: what each test is about to
 * do. Out: the sum, or TOO_EXPENSIVE. docs/decisions/filter-cost.md
 */
import { PortchurnError } from '../../protocol/errors.js';

/** One row, or one event, in one go: at most some 20 ms. */
export const MAX_ROW_STEPS = 600_000;
/** All regular expressions of one filter, by patternCost. */
export const MAX_PATTERNS = 1000;
/** To compile one instruction. */
const COMPILE_STEPS = 200;
/** To read a filter without any. */
const OPEN_STEPS = 1000;

export class Work {
  /** Since the filter was made. */
  total = 0;
  /** Of these, to read the expressions. */
  compile = OPEN_STEPS;
  /** Regular expressions in the filter. */
  regexes = 0;
  #patterns = 0;
  #rowEnd = MAX_ROW_STEPS;

  /** Before it is compiled. Throws TOO_EXPENSIVE. */
  addPattern(cost: number, column: number): void {
    this.regexes++;
    this.#patterns += cost;
    this.compile += cost * COMPILE_STEPS;
    this.total += cost * COMPILE_STEPS;
    if (this.#patterns > MAX_PATTERNS) {
      throw tooExpensive(
        `column ${column}: regular expressions this large take too long: fewer or smaller repeats help`,
        column,
      );
    }
  }

  startRow(): void {
    this.total += 1;
    this.#rowEnd = this.total + MAX_ROW_STEPS;
  }

  /** Before they are done. Throws TOO_EXPENSIVE. */
  spend(steps: number): void {
    this.total += steps;
    if (this.total <= this.#rowEnd) return;
    throw tooExpensive('to look at one row with this filter takes too long');
  }
}

export function tooExpensive(message: string, column?: number): PortchurnError {
  return new PortchurnError('TOO_EXPENSIVE', message, {
    hint: 'a text without slashes costs least; of regular expressions repeats such as .{100} cost most',
    ...(column === undefined ? {} : { column }),
  });
}
