/**
 * The service comes and goes: one URL on stdout, exit 0 on SIGTERM and SIGINT, and nothing of it is left in the kernel.
 */
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { children, programsGone } from '../support/leftovers.js';
import { testScope } from '../support/scope.js';
import { startService } from '../support/service.js';

it.each(['SIGTERM', 'SIGINT'] as const)('leaves nothing behind after %s', async (signal) => {
  const scope = testScope();
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
});

it('frees its BPF programs when it is killed, and the next one starts', async () => {
  const scope = testScope();
  const first = await startService(scope);
  const programs = first.programs();
  first.process.signal('SIGKILL');
  await first.process.exited;
  await programsGone(programs);
  const second = await startService(scope);
  expect(await second.get('/healthz')).toMatchObject({ status: 'ok' });
});

it('two services run side by side and count the same', async () => {
  const scope = testScope();
  const [one, two] = [await startService(scope), await startService(scope)];
  expect(new URL(one.url).port).not.toBe(new URL(two.url).port);
  const marks = await Promise.all(
    [one, two].map((service) => service.get<{ epoch: string }>('/api/v1/snapshot')),
  );
  expect(marks[0]?.epoch).not.toBe(marks[1]?.epoch);
});
