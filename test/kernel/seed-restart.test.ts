/** The service killed in the middle of churn and started again: what processes still hold by descriptor is theirs again. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlowRow, TotalsRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type LogRecord, readLog } from '../support/churngen.js';
import { counting, quiet, reaches } from '../support/counters.js';
import { KEPT, Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { startService } from '../support/service.js';

const EACH = 100;
const HOLDERS = 3;
const now = () => process.hrtime.bigint();

const sum = (rows: readonly FlowRow[], field: 'established' | 'timeWait' | 'preexisting') =>
  rows.reduce((total, row) => total + (row[field] ?? 0), 0);

it('a service that is killed in mid-churn and started again owns every connection that a process holds', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, KEPT);
  const directory = scope.directory();
  const log = (name: string) => join(directory, name);
  const server = await churnServer(scope, netns, ['127.0.0.1:9000', '[::1]:9000'], { log: log('server') });
  const first = await startService(scope);
  const holders = await Promise.all(
    [{}, { mapped: true as const }, { to: '[::1]:9000' }].map((flags, i) =>
      churnClient(scope, netns, {
        ...{ to: '127.0.0.1:9000', count: EACH, 'hold-ms': 600_000, log: log(`held${i}`) },
        ...flags,
      }),
    ),
  );
  const busy = await churnClient(scope, netns, {
    ...{ to: '127.0.0.1:9000', count: 0, rate: 400, 'hold-ms': 20, log: log('busy'), seconds: 120 },
  });
  reaches(counting(netns), 'Tcp.ActiveOpens', HOLDERS * EACH + 200);
  first.process.signal('SIGKILL');
  await first.process.exited;

  const startedNs = now();
  const service = await startService(scope);
  const readyNs = now();
  const stream = await service.stream(scope);
  const flows = stream.subscribe('flows', { filter: `netns:${netns.inode}`, limit: 5000 });
  const of = (rows: readonly FlowRow[], pid: number) => rows.filter((row) => row.process.pid === pid);
  for (const { pid } of holders) {
    const rows = await flows.until((all) => of(all, pid).length > 0 && of(all, pid));
    expect(rows).toMatchObject([{ direction: 'out', established: EACH, preexisting: EACH, opened: 0 }]);
    expect(rows[0]?.process).toMatchObject({ comm: 'churngen', exe: expect.stringMatching(/\/churngen$/) });
  }
  await flows.until((all) => sum(of(all, server.pid), 'established') >= HOLDERS * EACH);

  for (const client of [busy, ...holders]) await client.stop();
  quiet(netns);
  const closedMs = performance.now();
  await server.stop();
  const totals = await stream
    .subscribe('totals', { filter: `netns:${netns.inode}` })
    .until(
      ([row]: TotalsRow[]) =>
        row?.auditAgeMs !== null && row !== undefined && row.auditAgeMs < performance.now() - closedMs && row,
    );
  const rows = await flows.until((all) => sum(all, 'timeWait') === totals.timeWait && all);

  /* What closed before the new service was started is nobody's; what closed while it started may be either. */
  const closed = (records: LogRecord[], since: bigint) =>
    records.filter(({ closeNs }) => closeNs > since).length;
  let [least, most] = [0, 0];
  for (const [i, { pid }] of [...holders, busy].entries()) {
    const records = readLog(log(i < HOLDERS ? `held${i}` : 'busy'));
    const timeWait = sum(of(rows, pid), 'timeWait');
    expect(timeWait).toBeGreaterThanOrEqual(closed(records, readyNs));
    expect(timeWait).toBeLessThanOrEqual(closed(records, startedNs));
    least += closed(records, readyNs);
    most += closed(records, startedNs);
  }
  expect(sum(of(rows, holders[0]?.pid as number), 'timeWait')).toBe(EACH);
  expect(totals.timeWaitAttributed).toBeGreaterThanOrEqual(least);
  expect(totals.timeWaitAttributed).toBeLessThanOrEqual(most);
  expect(least).toBeGreaterThan(HOLDERS * EACH);
});
