/**
 * `portchurn top --once` and `doctor`, as scripts call them: beside a service, and alone.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport } from '../../src/protocol/doctor.js';
import type { FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { run, start } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { cli, portchurn, type Service, startService } from '../support/service.js';

const COUNT = 300;

interface TopBody {
  topics: { flows: { rows: FlowRow[]; total: number } };
}

describe('top beside a service', () => {
  const scope = fileScope();
  let service: Service;
  let netns: Netns;
  let pid: number;

  beforeAll(async () => {
    netns = Netns.create(scope);
    service = await startService(scope, '--interval', '250');
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: COUNT });
    pid = client.pid;
    await client.done();
    const table = (await service.stream(scope)).subscribe('flows', { filter: `pid:${pid}` });
    await table.until((rows) => rows[0]?.closed === COUNT);
  });

  const top = async (...words: string[]) => {
    const done = await cli([
      'top',
      '--once',
      '--connect',
      service.url,
      '--filter',
      `netns:${netns.inode}`,
      ...words,
    ]);
    expect(done.code).toBe(0);
    return done.stdout;
  };

  it.concurrent('prints the snapshot body as JSON', async () => {
    const { flows } = (JSON.parse(await top('-o', 'json')) as TopBody).topics;
    expect(flows.rows.filter((row) => row.direction === 'out')).toMatchObject([
      { process: { pid }, opened: COUNT },
    ]);
    expect(flows.total).toBe(2);
  });

  it.concurrent('prints one row per line as NDJSON', async () => {
    const rows = (await top('-o', 'ndjson'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FlowRow);
    expect(rows.map((row) => row.opened)).toEqual([COUNT, COUNT]);
  });

  it.concurrent('sums up by program', async () => {
    const { flows } = (JSON.parse(await top('-o', 'json', '--group', 'program')) as TopBody).topics;
    expect(flows.rows.map((row) => [row.process.comm, row.opened])).toEqual([['churngen', 2 * COUNT]]);
  });

  it.concurrent('prints a table without escapes on a pipe', async () => {
    const text = await top();
    expect(text).toMatch(new RegExp(`^ *${pid} +churngen.*127\\.0\\.0\\.1:9000.*${COUNT}`, 'm'));
    expect(text).not.toContain('\x1b');
  });
});

describe('alone', () => {
  it.concurrent('top traces by itself for the given time', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const netns = Netns.create(scope);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    const words = ['top', '--once', '--standalone', '--duration', '4', '-o', 'json', '--log-level', 'info'];
    const running = await start(scope, portchurn(...words, '--filter', `netns:${netns.inode}`));
    await running.printed(/tracing/);
    const client = await churnClient(scope, netns, { to: '127.0.0.1:9000', count: COUNT });
    await client.done();
    const done = await running.finished(20_000);
    expect(done.code).toBe(0);
    const { rows } = (JSON.parse(done.stdout) as TopBody).topics.flows;
    expect(rows.map((row) => row.opened)).toEqual([COUNT, COUNT]);
  });

  it.concurrent('doctor says that this machine can trace', async () => {
    expect(await cli(['doctor'])).toMatchObject({ code: 0 });
    const { stdout } = await cli(['doctor', '-o', 'json']);
    expect(() => JSON.parse(stdout) as unknown).not.toThrow();
  });

  it.concurrent('doctor says in a pid namespace of its own what cannot be seen from there', async () => {
    const apart = ['unshare', '--pid', '--fork', '--mount-proc', ...portchurn('doctor', '-o', 'json')];
    const { checks } = JSON.parse((await run(apart)).stdout) as DoctorReport;
    expect(checks.find(({ id }) => id === 'pids')).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining('hostPID: true'),
    });
  });
});
