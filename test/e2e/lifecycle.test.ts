/**
 * The service comes and goes: one URL on stdout, exit 0 on SIGTERM and SIGINT, and nothing of it is left in the kernel.
 */

import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { FlowRow } from '../../src/protocol/rows.js';
import { churnClient, churnServer } from '../support/churngen.js';
import { children, programsGone } from '../support/leftovers.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { portchurn, Service, startService } from '../support/service.js';

const COUNT = 500;

it.concurrent.for(['SIGTERM', 'SIGINT'] as const)(
  'leaves nothing behind after %s',
  async (signal, { onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const service = await startService(scope);
    const programs = service.programs();
    expect(programs.length).toBeGreaterThan(0);
    expect(await service.get('/healthz')).toMatchObject({ status: 'ok', mode: 'ebpf' });
    const offspring = children(service.pid);
    const done = await service.process.stop(signal);
    expect(done).toMatchObject({ code: 0, stdout: `${service.url}\n` });
    await programsGone(programs);
    expect(offspring.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    await expect(fetch(service.url)).rejects.toThrow();
  },
);

it.concurrent('frees its BPF programs when it is killed, and the next one starts', async ({
  onTestFinished,
}) => {
  const scope = testScope({ onTestFinished });
  const first = await startService(scope);
  const programs = first.programs();
  first.process.signal('SIGKILL');
  await first.process.exited;
  await programsGone(programs);
  const second = await startService(scope);
  expect(await second.get('/healthz')).toMatchObject({ status: 'ok' });
});

const words = ['the-first-token-', 'the-second-token'] as const;

it.concurrent('reads token and configuration anew after SIGHUP, and goes on tracing', async ({
  onTestFinished,
}) => {
  const scope = testScope({ onTestFinished });
  const [token, config] = ['token', 'config.yaml'].map((name) => join(scope.directory(), name)) as [
    string,
    string,
  ];
  writeFileSync(token, words[0], { mode: 0o600 });
  writeFileSync(config, `listen: 127.0.0.1:0\ntoken-file: ${token}\n`);
  const running = await start(scope, portchurn('serve', '--config', config));
  const [url] = await running.printed(/^http:\/\/\S+$/m);
  const service = scope.use(new Service(running, url));
  const status = async (word: string, host = new URL(url).host) => {
    const headers = { authorization: `Bearer ${word}`, host };
    const [answer] = await once(get(new URL('/healthz', url), { headers }), 'response');
    return (answer as IncomingMessage).resume().statusCode;
  };
  const programs = service.programs();
  const stream = new WebSocket(new URL('/api/v1/stream', url), 'portchurn.v1', {
    headers: { authorization: `Bearer ${words[0]}` },
  });
  await once(stream, 'message');
  const ended = once(stream, 'close');

  writeFileSync(token, words[1]);
  writeFileSync(config, `listen: 127.0.0.1:7\ntoken-file: ${token}\nallow-host: [a.example]\n`);
  running.signal('SIGHUP');
  await running.until(() => running.stderr.includes('these change with a restart only'), 'say what it did');
  await ended;
  expect(await Promise.all(words.map((word) => status(word)))).toEqual([401, 200]);
  expect(await status(words[1], 'a.example')).toBe(200);

  writeFileSync(token, 'short');
  running.signal('SIGHUP');
  await running.until(() => running.stderr.includes('not reloaded'), 'refuse a short token');
  expect(await status(words[1])).toBe(200);
  expect(service.programs()).toEqual(programs);
});

it('two services run side by side and count the same', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const both = await Promise.all([startService(scope), startService(scope)]);
  await churnServer(scope, netns, ['127.0.0.1:9000']);
  const tables = await Promise.all(
    both.map(async (service) =>
      (await service.stream(scope)).subscribe('flows', { filter: `netns:${netns.inode}` }),
    ),
  );
  await (await churnClient(scope, netns, { to: ['127.0.0.1:9000', '127.0.0.1:9'], count: 2 * COUNT })).done();
  const counts = await Promise.all(
    tables.map((table) =>
      table.until((rows) => {
        const sums = sumsOf(rows);
        return sums.closed === 2 * COUNT && sums.failed === COUNT && sums;
      }),
    ),
  );
  expect(counts).toEqual(Array(2).fill({ opened: 2 * COUNT, closed: 2 * COUNT, failed: COUNT }));
  const marks = await Promise.all(both.map((service) => service.get<{ epoch: string }>('/api/v1/snapshot')));
  expect(marks[0]?.epoch).not.toBe(marks[1]?.epoch);
});

/** Of both ends. */
function sumsOf(rows: readonly FlowRow[]) {
  const sum = (field: 'opened' | 'closed' | 'failed') =>
    rows.reduce((total, row) => total + (row[field] ?? 0), 0);
  return { opened: sum('opened'), closed: sum('closed'), failed: sum('failed') };
}
