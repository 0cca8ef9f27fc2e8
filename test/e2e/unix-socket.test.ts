/** The real service at a socket file: who gets in by user and group, as root that dropped its privileges. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn } from '../support/service.js';

const gid = (group: string) =>
  Number(execFileSync('getent', ['group', group], { encoding: 'utf8' }).split(':')[2]);

/** A directory that every user may enter. */
function folderOf(scope: Scope): string {
  const folder = scope.directory();
  chmodSync(folder, 0o755);
  return folder;
}

const ask = (path: string, ...who: string[]) =>
  run([...who, 'curl', '-sS', '--max-time', '30', '--unix-socket', path, 'http://localhost/healthz']);

describe.concurrent('the service at a socket file', () => {
  it('lets in its own user and the group, nobody else, and takes the file away', async ({
    onTestFinished,
  }) => {
    const scope = testScope({ onTestFinished });
    const path = join(folderOf(scope), 'run', 'p.sock');
    const flags = ['--listen', `unix:${path}`, '--listen', '127.0.0.1:0', '--socket-group', 'games'];
    const running = await start(scope, portchurn('serve', ...flags));
    await running.printed(/^http:\/\/\S+$/m);
    expect(statSync(path)).toMatchObject({ uid: 0, gid: gid('games') });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(JSON.parse((await ask(path)).stdout)).toMatchObject({ lost: expect.anything() });
    const as = (group: string) => ['setpriv', '--reuid=nobody', `--regid=${group}`, '--clear-groups', '--'];
    expect(await ask(path, ...as('games'))).toMatchObject({ code: 0 });
    expect(await ask(path, ...as('nogroup'))).toMatchObject({ code: 7 });
    expect((await running.stop('SIGTERM')).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  it('starts again where it was killed', async ({ onTestFinished }) => {
    const scope = testScope({ onTestFinished });
    const path = join(scope.directory(), 'p.sock');
    const words = portchurn('serve', '--listen', `unix:${path}`);
    const first = await start(scope, words);
    await first.printed(new RegExp(`^unix:${path}$`, 'm'));
    const second = await run(words);
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('a service listens there') });
    first.signal('SIGKILL');
    await first.exited;
    expect(existsSync(path)).toBe(true);
    const third = await start(scope, words);
    await third.printed(new RegExp(`^unix:${path}$`, 'm'));
    expect(await ask(path)).toMatchObject({ code: 0 });
    expect((await third.stop('SIGTERM')).code).toBe(0);
  });

  it('names a group that there is not', async () => {
    const done = await run(
      portchurn('serve', '--listen', 'unix:/run/x.sock', '--socket-group', 'nosuchgroup'),
    );
    expect(done).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no group "nosuchgroup"'),
    });
  });
});
