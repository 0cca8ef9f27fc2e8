/** What tests start, and what that starts: nothing of it outlives its time limit. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run } from '../support/process.js';
import { testScope } from '../support/scope.js';

/** As npm does it: a shell, and in it the program, which goes on when its parent is killed. */
const NESTED = 'sh -c \'echo $$ > "$0"; exec sleep 1000\' "$0"; :';

it('of a group that takes too long no process stays, also of those that its first one has started', async () => {
  const file = join(testScope().directory(), 'pid');
  const running = run(['sh', '-c', NESTED, file], { withinMs: 1000, group: true });
  await expect(running).rejects.toThrow(/did not end within 1000 ms/);
  const pid = Number(readFileSync(file, 'utf8'));
  expect(pid).toBeGreaterThan(1);
  await expect.poll(() => isRunning(pid)).toBe(false);
});

/** What was killed is there until its new parent has heard of it. */
function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}
