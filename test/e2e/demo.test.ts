/**
 * `portchurn demo` as somebody sees it who tries the tool: an incident with its culprit, the fix, and nothing left, also after a kill.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { portchurn, ROOT } from '../support/service.js';

const INODE = /network namespace of their own, inode (\d+)/;
const demo = (scope: ReturnType<typeof testScope>) =>
  start(scope, portchurn('demo', '--standalone', '--seconds', '40'), { cwd: ROOT });

/** Processes in a network namespace. */
function inside(netns: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/net`) === `net:[${netns}]`;
    } catch {
      return false;
    }
  });
}

it('shows an incident, its culprit and its fix, and leaves nothing', async () => {
  const scope = testScope();
  const running = await demo(scope);
  const [, netns = ''] = await running.printed(INODE);
  await running.printed(
    /OPEN: checkout\.js \(pid \d+\) tries [\d.]+ connections\/s to 127\.0\.0\.1:8080( \(server\.js\))?; 1,000 ports allow 1[67]\.\d\/s\./,
    patient(40_000),
  );
  await running.printed(/First: .*keep-alive agent/, patient(20_000));
  await running.printed(/The fix is applied/, patient(40_000));
  const { code } = await running.finished(patient(60_000));
  expect(code).toBe(0);
  expect(running.stdout).toContain('The end: the programs and their network namespace are gone.');
  expect(inside(netns)).toEqual([]);
});

it('leaves nothing after a kill', async () => {
  const scope = testScope();
  const running = await demo(scope);
  const [, netns = ''] = await running.printed(INODE);
  expect(inside(netns).length).toBeGreaterThan(1);
  running.signal('SIGKILL');
  await running.exited;
  await vi.waitFor(() => expect(inside(netns)).toEqual([]), { timeout: patient(20_000), interval: 100 });
});
