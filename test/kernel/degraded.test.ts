/**
 * The service on a machine that refuses something: what is left of it, and that it says what is missing and what would mend
 * it. Refused for real: capabilities that are not there, types of the kernel that are hidden. The cases wait at the same time, for
 * looks at the kernel's list and for programs that start.
 */
import { describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/protocol/doctor.js';
import type { Health } from '../../src/protocol/source.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { KEPT, Netns } from '../support/netns.js';
import { run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { cli, portchurn, Service, startService } from '../support/service.js';

/** CAP_SYS_ADMIN includes both. */
const WITHOUT_BPF = ['setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin', '--'];
const WITHOUT_TYPES = [
  ...['unshare', '--mount', 'sh', '-c'],
  'mount -t tmpfs none /sys/kernel/btf && exec "$@"',
  'sh',
];
const SERVE = portchurn('serve', '--listen', '127.0.0.1:0');

async function serve(scope: Scope, wrapper: readonly string[], netns?: Netns): Promise<Service> {
  const running = await start(scope, [...wrapper, ...SERVE], netns ? { netns } : {});
  const [url] = await running.printed(/^http:\/\/\S+$/m);
  return scope.use(new Service(running, url));
}

describe.concurrent('without BPF', () => {
  it('budgets, destinations and owners of what is open are there; what only events tell is unknown', async (test) => {
    const scope = testScope(test);
    const netns = Netns.create(scope, KEPT);
    const server = await churnServer(scope, netns, ['127.0.0.1:9000']);
    const held = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 30, 'hold-ms': 600_000 });
    const service = await serve(scope, WITHOUT_TYPES);
    const stream = await service.stream(scope);
    const mine = (topic: 'flows', words = '') =>
      stream.subscribe(topic, { filter: `netns:${netns.inode} ${words}` });
    const of = (pid: number) => mine('flows', `pid:${pid}`).until(([row]) => row?.established === 30 && row);
    const unknown = { opened: null, closed: null, failed: null, openPerSec: null, bytesSent: null };
    expect(await of(held.pid)).toMatchObject({
      ...unknown,
      direction: 'out',
      portsHeld: 30,
      destination: { address: '127.0.0.1', port: 9000 },
      process: { pid: held.pid, comm: 'churngen', exe: expect.stringMatching(/churngen$/) },
    });
    expect(await of(server.pid)).toMatchObject({ ...unknown, direction: 'in', destination: { port: 9000 } });
    const brief = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 70 });
    await brief.done();
    const budgets = stream.subscribe('budgets', { filter: `netns:${netns.inode}` });
    const budget = await budgets.until(([row]) => row?.timeWait === 70 && row);
    expect(budget).toMatchObject({ limit: 28_232, used: 100, established: 30, openPerSec: null });
    held.process.signal('SIGTERM');
    const later = stream.subscribe('totals', { filter: `netns:${netns.inode}` });
    const totals = await later.until(([row]) => row?.timeWait === 100 && row);
    /* Seen open, the thirty have an owner after their end; the seventy came and went between two looks. */
    expect(totals.timeWaitAttributed).toBe(30);
    expect(await service.get<Health>('/healthz')).toMatchObject({
      ...{ status: 'degraded', mode: 'polling', hooks: [] },
      limits: [
        {
          what: expect.stringMatching(/^Polling: /),
          why: expect.stringMatching(/no BTF/),
          fix: expect.stringContaining('CONFIG_DEBUG_INFO_BTF'),
        },
      ],
    });
    const { stdout } = await cli(['top', '--once', '--connect', service.url]);
    expect(stdout).toMatch(/Polling: /);
  });

  it('for want of a capability it polls its own namespace, and names the capability', async (test) => {
    const scope = testScope(test);
    const netns = Netns.create(scope);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const held = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: 5, 'hold-ms': 600_000 });
    const service = await serve(scope, WITHOUT_BPF, netns);
    const words = netns.words('curl', '-sS', `${service.url}healthz`);
    const health = JSON.parse((await run(words)).stdout) as Health;
    expect(health).toMatchObject({ mode: 'polling', limits: [{ why: expect.stringContaining('CAP_BPF') }] });
    const ask = netns.words(
      'curl',
      '-sS',
      `${service.url}api/v1/snapshot?topic=flows&filter=pid:${held.pid}`,
    );
    const body = JSON.parse((await run(ask)).stdout) as { topics: { flows: { rows: unknown[] } } };
    expect(body.topics.flows.rows).toMatchObject([{ established: 5, portsHeld: 5 }]);
  });

  it('in a pid namespace of its own it says that, too', async (test) => {
    const scope = testScope(test);
    const apart = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', ...WITHOUT_BPF];
    const running = await start(scope, [...apart, ...SERVE]);
    const [url] = await running.printed(/^http:\/\/\S+$/m);
    const { mode, limits } = (await (await fetch(`${url}healthz`)).json()) as Health;
    /* It holds SIGTERM back, and its child dies with it. */
    running.signal('SIGKILL');
    await running.exited;
    expect(mode).toBe('polling');
    expect(limits.map(({ what }) => what)).toEqual([
      expect.stringMatching(/^Polling: /),
      expect.stringContaining('outside of this pid namespace'),
    ]);
  });

  it.each([
    ['77', 'capabilities', WITHOUT_BPF],
    ['69', 'types of the kernel', WITHOUT_TYPES],
  ])('--no-polling ends with %s for want of %s', async (code, _, wrapper) => {
    const done = await run([...wrapper, ...SERVE, '--no-polling']);
    expect(done).toMatchObject({
      code: Number(code),
      stdout: '',
      stderr: expect.stringMatching(/^ {2}→ \S/m),
    });
  });

  it.each([
    [77, 'capabilities', WITHOUT_BPF, /CAP_BPF/],
    [69, 'types of the kernel', WITHOUT_TYPES, /BTF/],
  ])('doctor ends with %i for want of %s, and says what serve does then', async (code, _, wrapper, why) => {
    const done = await run([...wrapper, ...portchurn('doctor', '-o', 'json')]);
    const report = JSON.parse(done.stdout) as DoctorReport;
    expect(done.code).toBe(code);
    expect(report.checks.find(({ id }) => id === 'load')).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(why),
    });
    expect(report.checks.find(({ id }) => id === 'sight')).toMatchObject({
      status: 'warn',
      detail: expect.stringMatching(/^polling: .*an owner only if/is),
    });
  });
});

it.concurrent('without the kernel’s table of sockets, health, greeting and screen say so, and what to do', async (test) => {
  const scope = testScope(test);
  const service = await startService(scope, '--portable-verdict');
  const health = await service.get<Health>('/healthz');
  expect(health).toMatchObject({ status: 'ok', mode: 'ebpf', verdictPath: 'portable' });
  expect(health.hooks).toContain('tcp_send_reset');
  expect(health.limits).toEqual([
    {
      what: expect.stringMatching(/^Portable verdict: /),
      why: 'The service runs with --portable-verdict.',
      fix: 'Start without --portable-verdict.',
    },
  ]);
  const stream = await service.stream(scope);
  await stream.subscribe('totals').until(() => stream.hello !== undefined);
  expect(stream.hello).toMatchObject({ verdictPath: 'portable', limits: health.limits });
  const { stdout } = await cli(['top', '--once', '--connect', service.url]);
  expect(stdout).toContain('Portable verdict: ');
  expect(stdout).toContain('→ Start without --portable-verdict.');
});
