/**
 * How far the JavaScript heap may grow. V8 collects old objects only when the heap has grown to up to four times what
 * lived at the last collection, and the rows of a table grow old before they are replaced: 112 MB for twenty thousand flows
 * became 345. A tracer on a machine in trouble should take less of its memory, at the price of collecting more often:
 * bench/README.md has what other percentages cost.
 */
import { setFlagsFromString } from 'node:v8';

/** Percent of what lived at the last collection. */
const GROWTH_PERCENT = 100;

export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
