/**
 * A machine without a free processor: thirty programs that only compute, on two processors. The service is ready soon, answers, and
 * its audits go on. Whoever else uses the machine makes all of them slower, so the time that counts is the one that they were given.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { ROOT, Service, serviceWords } from '../support/service.js';

const LOOPS = 30;
/** 10 s on the machine where this was measured; it was 23 s at the priority of every other program. */
const READY_WITHIN_MS = patient(30_000);
/** Of that, what it spends neither working nor waiting for a processor: for its own threads and the kernel, and for no rest. */
const AT_REST_MS = patient(10_000);
/** Audits are 10 s apart at most, and each takes its time. */
const AUDITED_WITHIN_MS = patient(60_000);
const GIVE_UP_MS = 240_000;
const PEER = '127.0.0.1:9000';
const COUNT = 500;

/** Milliseconds of the first thread: on a processor, and waiting for one. */
function timesOf(pid: number) {
  const [worked = 0, waited = 0] = readFileSync(`/proc/${pid}/schedstat`, 'utf8')
    .split(' ')
    .map((ns) => Math.round(Number(ns) / 1e6));
  return { worked, waited };
}

async function occupy(scope: Scope): Promise<number[]> {
  const pids: number[] = [];
  for (let n = 0; n < LOOPS; n++) pids.push((await start(scope, ['sh', '-c', 'while :; do :; done'])).pid);
  return pids;
}

/** Begins to count: how long it would have taken so far, had the processors belonged to these programs alone, ms. */
function given(pids: readonly number[]): () => number {
  const used = () => pids.reduce((sum, pid) => sum + timesOf(pid).worked, 0);
  const before = used();
  return () => (used() - before) / availableParallelism();
}

/** After the last connection was closed, which was `agoMs` ago. */
const isAudited = (row: TotalsRow | undefined, agoMs: number): row is TotalsRow =>
  row !== undefined && (row.auditAgeMs ?? Number.POSITIVE_INFINITY) < agoMs;

it('a service is ready, and audits, while thirty programs compute', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, KEPT);
  await churnServer(scope, netns, [PEER]);
  const loops = await occupy(scope);
  const [began, gone] = [performance.now(), given(loops)];
  const running = await start(scope, serviceWords(), { cwd: ROOT });
  const [url] = await running.printed(/^http:\/\/\S+$/m, GIVE_UP_MS);
  const { worked, waited } = timesOf(running.pid);
  const ready = gone() + worked / availableParallelism();
  const rested = performance.now() - began - worked - waited;
  const times = `ready after ${ready} ms, worked ${worked}, waited for a processor ${waited}, rested ${rested}`;
  console.log(times);
  expect(rested, times).toBeLessThan(AT_REST_MS);
  expect(ready, times).toBeLessThan(READY_WITHIN_MS);

  const service = scope.use(new Service(running, url));
  const client = await churnClient(scope, netns, { to: PEER, count: COUNT });
  await client.done();
  const stream = await service.stream(scope);
  const totals = stream.subscribe('totals', { filter: `netns:${netns.inode}` });
  const [done, since] = [performance.now(), given(loops)];
  const row = await totals.until(([one]) => isAudited(one, performance.now() - done) && one, GIVE_UP_MS);
  expect(since()).toBeLessThan(AUDITED_WITHIN_MS);
  expect(row).toMatchObject({ timeWait: COUNT, coverage: 1 });
  expect(await service.get<Health>('/healthz')).toMatchObject({ status: 'ok' });
});
