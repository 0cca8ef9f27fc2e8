/**
 * How far the JavaScript heap may grow. V8 collects old objects only when there are up to four times as many as lived at the
 * last collection, and a table's rows grow old before they are replaced: 112 MB of twenty thousand flows became 345. Whoever
 * traces a machine in trouble takes less of its memory, for collecting more often: bench/README.md has what other
 * percentages cost. Called by main.ts.
 */
import { setFlagsFromString } from 'node:v8';

/** Of what lived at the last collection. */
const GROWTH_PERCENT = 100;

export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
