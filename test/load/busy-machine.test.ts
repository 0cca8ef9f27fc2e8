/**
 * A machine without a free processor: thirty programs that only compute, on two processors. The service is ready soon, answers, and
 * its audits go on; nothing of that may depend on how long the machine makes others wait.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { startService } from '../support/service.js';

const LOOPS = 30;
/** 10 s on the machine where this was measured. */
const READY_WITHIN_MS = patient(30_000);
/** Where others run too, or a processor is slow: twice as long as its share of two processors needs for the work it has done. */
const READY_WITHIN_WORK = LOOPS;
/** Audits are 10 s apart at most, and each takes its time. */
const AUDITED_WITHIN_MS = patient(60_000);
const PEER = '127.0.0.1:9000';
const COUNT = 500;

function processorMs(pid: number): number {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(/\) (?=[A-Z] )/);
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function occupy(scope: Scope): Promise<void> {
  for (let n = 0; n < LOOPS; n++) await start(scope, ['sh', '-c', 'while :; do :; done']);
}

it('a service is ready, and audits, while thirty programs compute', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, KEPT);
  await churnServer(scope, netns, [PEER]);
  await occupy(scope);
  const began = performance.now();
  const service = await startService(scope);
  const ready = performance.now() - began;
  const worked = processorMs(service.pid);
  console.log(`ready after ${Math.round(ready)} ms, of which it worked ${worked} ms`);
  expect(ready).toBeLessThan(Math.max(READY_WITHIN_MS, READY_WITHIN_WORK * worked));

  const client = await churnClient(scope, netns, { to: PEER, count: COUNT });
  await client.done();
  const stream = await service.stream(scope);
  const totals = stream.subscribe('totals', { filter: `netns:${netns.inode}` });
  const done = performance.now();
  const row = await totals.until(([one]) => isAudited(one, performance.now() - done) && one);
  const late = performance.now() - done;
  console.log(`audited after ${Math.round(late)} ms`);
  expect(late).toBeLessThan(AUDITED_WITHIN_MS);
  expect(row).toMatchObject({ timeWait: COUNT, coverage: 1 });
  expect(await service.get<Health>('/healthz')).toMatchObject({ status: 'ok' });
});

/** After the last connection was closed, which was `agoMs` ago. */
const isAudited = (row: TotalsRow | undefined, agoMs: number): row is TotalsRow =>
  row !== undefined && (row.auditAgeMs ?? Number.POSITIVE_INFINITY) < agoMs;
