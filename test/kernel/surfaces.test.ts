/**
 * What a user of this kernel gets: the service over loopback, with a live owner for every TIME_WAIT entry and a budget for
 * every destination, and a doctor who knows. Says for the kernel matrix (scripts/lib/kernels) what the tracer hangs on.
 */
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { DoctorReport } from '../../src/protocol/doctor.js';
import type { TotalsRow } from '../../src/protocol/rows.js';
import type { Health } from '../../src/protocol/source.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { cli, startService } from '../support/service.js';

declare module 'vitest' {
  interface TaskMeta {
    /** `lacks`: what newer kernels tell. */
    tracer?: Pick<Health, 'verdictPath' | 'hooks'> & { lacks: string[] };
  }
}

const HOLD_PORTS = fileURLToPath(new URL('../support/hold_ports.py', import.meta.url));
const COUNT = 200;

it('the service tells over loopback who holds which ports, and how it knows', async ({ task }) => {
  const scope = testScope();
  const service = await startService(scope);
  const netns = Netns.create(scope, KEPT);
  await churnServer(scope, netns, ['127.0.0.1:9000']);
  const idle = await start(scope, ['python3', HOLD_PORTS, '40111'], { netns });
  await idle.printed(/ready/);
  const stream = await service.stream(scope);
  const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: COUNT });
  await client.done();
  const doneAt = Date.now();
  const filter = `netns:${netns.inode}`;
  const audited = stream.subscribe('totals', { filter });
  const isWhole = ([row]: TotalsRow[]) =>
    row?.timeWait === COUNT && row.coverage === 1 && (row.blockedPorts === 1 || isAuditedSince(doneAt, row));
  const [totals] = await audited.until((rows) => isWhole(rows) && rows, 50_000);
  expect(totals).toMatchObject({ timeWaitAttributed: COUNT, lowerBound: false });
  const [flow] = await service.flows({ filter: `${filter} dir:out` });
  expect(flow).toMatchObject({
    opened: COUNT,
    timeWait: COUNT,
    process: { pid: client.pid, comm: 'churngen' },
  });
  const { rows } = await service.snapshot('budgets', { filter });
  expect(rows).toMatchObject([
    { kind: 'tuple', used: COUNT, destination: { address: '127.0.0.1', port: 9000 } },
  ]);
  const health = await service.get<Health>('/healthz');
  expect(health).toMatchObject({
    status: 'ok',
    mode: 'ebpf',
    lost: { ring: 0, recursion: 0, storage: 0, total: 0 },
  });
  expect(health.hooks).toEqual(
    expect.arrayContaining(['inet_sock_set_state', 'sys_exit_connect', 'iter/task_file']),
  );
  task.meta.tracer = {
    verdictPath: health.verdictPath,
    hooks: health.hooks,
    lacks: lacksOf(totals as TotalsRow),
  };
});

/** Which ports are merely bound only an audit says. */
const isAuditedSince = (time: number, { auditAgeMs }: TotalsRow) =>
  auditAgeMs !== null && Date.now() - auditAgeMs > time;

/** The port that somebody bound and did nothing more with is listed, or it is not. */
function lacksOf({ blockedPorts, tcpTwReuseDelayMs }: TotalsRow): string[] {
  expect([0, 1]).toContain(blockedPorts);
  return [
    ...(tcpTwReuseDelayMs === null ? ['tcp_tw_reuse_delay'] : []),
    ...(blockedPorts === 0 ? ['merely bound sockets'] : []),
  ];
}

it('doctor says that this machine can trace, and which kernel it is', async () => {
  const { code, stdout } = await cli(['doctor', '-o', 'json']);
  const report = JSON.parse(stdout) as DoctorReport;
  expect({ code, ...report }).toMatchObject({ code: 0, ok: true, kernel: release() });
  expect(report.checks.find(({ id }) => id === 'load')?.status).toBe('ok');
});
