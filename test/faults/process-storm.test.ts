/**
 * A user without any privilege starts more processes than the table of processes holds, each a program of its own with a row
 * of its own. Meanwhile /healthz answers, nothing is lost from the sums, and SIGTERM ends the service as ever.
 */
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/aggregate/ingest/aggregator.js';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { testScope } from '../support/scope.js';
import { type Service, startService } from '../support/service.js';
import { answerTimes } from './answers.js';
import { linkStorm } from './storms.js';

/** Some exits happen beyond the limit. */
const PROCESSES = DEFAULT_LIMITS.processes + 1000;
/** Enough for a busy machine; an idle one takes less than a minute. */
const SECONDS = patient(120_000) / 1000;
/** At once: more than processors, so that the service has to compete. */
const WORKERS = 4;
const ANSWERS_WITHIN_MS = patient(2000);
const ENDS_WITHIN_MS = patient(5000);
const PAUSE_MS = 100;

it('a storm of processes that are all different programs stops neither answers nor the end', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const service = await startService(scope);
  const storm = await linkStorm(scope, netns, { workers: WORKERS, processes: PROCESSES, seconds: SECONDS });
  const slowest = Math.max(...(await answerTimes(service, PAUSE_MS, () => storm.running)));
  const ran = Number(/^ran (\d+)$/m.exec(storm.stdout)?.[1]);
  const { total, missed } = await countedIn(service, netns);
  console.log(`${ran} processes, slowest answer ${Math.round(slowest)} ms`);
  expect(ran, storm.stderr).toBeGreaterThan(DEFAULT_LIMITS.processes + 100);
  expect(slowest).toBeLessThan(ANSWERS_WITHIN_MS);
  expect(total.failed).toBeLessThanOrEqual(ran);
  expect(total.failed).toBeGreaterThanOrEqual(ran - missed);
  const began = performance.now();
  await service.end();
  expect(performance.now() - began).toBeLessThan(ENDS_WITHIN_MS);
});

/** Failed connects of the namespace, once they stand still, and events that the kernel did not show. */
async function countedIn(service: Service, { inode }: Netns): Promise<{ total: TotalsRow; missed: number }> {
  for (let before = -1; ; await new Promise((resolve) => setTimeout(resolve, 1500))) {
    const { rows } = await service.snapshot('totals');
    const total = rows.find(({ netns }) => netns === inode) as TotalsRow;
    if (total.failed === before) {
      const { lost } = await service.get<Health>('/healthz');
      return { total, missed: lost.recursion };
    }
    before = total.failed ?? 0;
  }
}
