/** What the runner starts on what others leave of the processors: this kernel lets everybody else go first. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { placeOf } from '../../scripts/lib/idle.js';
import { run } from '../../scripts/lib/run.js';
import { patient } from '../support/patience.js';
import { testScope } from '../support/scope.js';

/** Its own session and one that a child leads; each says its pid, and both end when the first one's file is there. */
const PROGRAM =
  'cd "$1"; echo $$ > own; setsid sh -c "echo \\$\\$ > child.new; mv child.new child; until [ -e end ]; do sleep 0.1; done"; true';

/** Field 41 of /proc/PID/stat; proc(5). */
const policyOf = (text: string) => Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[38]);
const SCHED_IDLE = 5;

it('a program’s session, and one that a child of it starts, weigh little and are idle inside', async () => {
  const directory = testScope().directory();
  const ended = run('sh', ['-c', PROGRAM, 'sh', directory], { idle: true });
  const file = (name: string) => join(directory, name);
  await expect.poll(() => existsSync(file('child')), { timeout: patient(10_000) }).toBe(true);
  const stats = ['own', 'child'].map((name) => `/proc/${readFileSync(file(name), 'utf8').trim()}`);
  const texts = stats.map((path) => readFileSync(`${path}/stat`, 'utf8'));
  expect(new Set(texts.map((text) => placeOf(text).session)).size).toBe(2);
  expect(texts.map(policyOf)).toEqual([SCHED_IDLE, SCHED_IDLE]);
  /* Not every kernel has autogroup; without it the policy is enough. */
  for (const group of stats.map((path) => `${path}/autogroup`).filter(existsSync))
    await expect.poll(() => readFileSync(group, 'utf8'), { timeout: patient(5000) }).toMatch(/nice 10$/m);
  await run('touch', [file('end')]);
  expect(await ended).toBe(0);
});
