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

/**
 * The part for new objects stays as small as it begins, where it would become 16 MB. For whoever makes little garbage: a live screen takes
 * 73 MiB instead of 80 and the same CPU. Whoever handles each event makes too much of it: it would be collected, and grow old, too early.
 */
export function boundYoungHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
