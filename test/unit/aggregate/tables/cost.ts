/** What one step of a long series costs. In: the step. Out: microseconds, of the fastest of many short runs of it. */
import { performance } from 'node:perf_hooks';

const RUNS = 20;

/** A busy machine slows most runs down and hardly ever all of them, so their minimum says what the step itself costs. */
export function microsecondsPerStep(steps: number, step: () => void): number {
  const perRun = Math.ceil(steps / RUNS);
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    for (let i = 0; i < perRun; i++) step();
    least = Math.min(least, (performance.now() - start) / perRun);
  }
  return least * 1000;
}
