/** Killed at any moment of its start, again and again, the service leaves nothing in the kernel, and the next one starts. */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { heldPrograms } from '../support/held.js';
import { children, programsGone } from '../support/leftovers.js';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { random } from '../support/random.js';
import { type Scope, testScope } from '../support/scope.js';
import { serviceWords, startService } from '../support/service.js';

const KILLS = 50;
const AT_ONCE = 2;
/** A start with another one beside it is over by then. */
const LONGEST_MS = patient(2500);

interface Left {
  programs: string[];
  children: number[];
}

async function killed(scope: Scope, afterMs: number): Promise<Left> {
  const service = await start(scope, serviceWords());
  await sleep(afterMs);
  const left = { programs: heldPrograms(service.pid), children: children(service.pid) };
  service.signal('SIGKILL');
  await service.exited;
  return left;
}

it(`${KILLS} kills leave no BPF program and no process behind`, async () => {
  const scope = testScope();
  const next = random(KILLS);
  const left: Left[] = [];
  for (let i = 0; i < KILLS; i += AT_ONCE) {
    const moments = Array.from({ length: AT_ONCE }, () => next(LONGEST_MS));
    left.push(...(await Promise.all(moments.map((ms) => killed(scope, ms)))));
  }
  const programs = left.flatMap((one) => one.programs);
  // Some were killed when their programs were loaded: else there was nothing to leave behind.
  expect(programs.length).toBeGreaterThan(0);
  await programsGone(programs);
  expect(left.flatMap((one) => one.children).filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
  const last = await startService(scope);
  expect(await last.get('/healthz')).toMatchObject({ status: 'ok', mode: 'ebpf' });
  console.log(`${left.filter((one) => one.programs.length > 0).length} of ${KILLS} had programs loaded`);
});
