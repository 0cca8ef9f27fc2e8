/** How long a service takes to answer while something happens to it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Service } from '../support/service.js';

/** Asks /healthz again and again; ms of each answer, in their order. One that failed took for ever. */
export async function answerTimes(
  service: Service,
  pauseMs: number,
  goesOn: (answers: number) => boolean,
): Promise<number[]> {
  const times: number[] = [];
  while (goesOn(times.length)) {
    const asked = performance.now();
    const took = () => performance.now() - asked;
    times.push(await service.get('/healthz').then(took, () => Number.POSITIVE_INFINITY));
    await sleep(pauseMs);
  }
  return times;
}
