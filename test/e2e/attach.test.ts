/**
 * Whom a command believes when nobody told it: real services and a squatter of another user, each in a network namespace of its
 * own on the default port, or behind a /run of its own at the default socket.
 */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { Netns } from '../support/netns.js';
import { type Finished, type Running, run, start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { portchurn, ROOT } from '../support/service.js';

const TOKEN = 'a-token-that-nobody-may-have';
const NOBODY = 65_534;
const ASK = ['top', '--once', '-o', 'json'];

interface Place {
  readonly scope: Scope;
  readonly netns: Netns;
  /** Bound over /run for programs that are started by inRun. */
  readonly run: string;
  /** Flags. */
  readonly token: readonly [string, string];
}

function place({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): Place {
  const scope = testScope({ onTestFinished });
  const folder = scope.directory();
  chmodSync(folder, 0o755);
  const token = join(folder, 'token');
  writeFileSync(token, TOKEN, { mode: 0o600 });
  chownSync(token, NOBODY, 0);
  mkdirSync(join(folder, 'run'));
  return { scope, netns: Netns.create(scope), run: join(folder, 'run'), token: ['--token-file', token] };
}

const inRun = ({ run }: Place, words: string[]): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount --bind "$0" /run && exec "$@"',
  run,
  ...words,
];

const asNobody = (words: string[]): string[] => [
  'setpriv',
  '--reuid=nobody',
  '--regid=nogroup',
  '--clear-groups',
  '--',
  ...words,
];

async function squatter({ scope, netns }: Place, behaviour: 'answers' | 'delays'): Promise<Running> {
  const words = ['/usr/bin/python3', join(ROOT, 'test/e2e/squatter.py'), '7790', behaviour];
  const running = await start(scope, words, { netns, user: 'nobody' });
  await running.printed(/^listening$/m);
  return running;
}

const ask = (at: Place, ...flags: string[]): Promise<Finished> =>
  run(inRun(at, portchurn(...ASK, ...flags)), { netns: at.netns });

async function service(at: Place, ...flags: string[]): Promise<Running> {
  const running = await start(at.scope, inRun(at, portchurn('serve', ...flags)), { netns: at.netns });
  await running.printed(/^(http|unix):\S+$/m);
  return running;
}

const end = async (running: Running) => expect((await running.stop('SIGTERM')).code).toBe(0);

describe.concurrent('a squatter on the default port', () => {
  it('gets no token, and its answer is not used', async (context) => {
    const at = place(context);
    const other = await squatter(at, 'answers');
    for (const flags of [at.token, []]) {
      const { code, stdout, stderr } = await ask(at, ...flags);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(`belongs to user ${NOBODY}, who is neither root nor you`);
      expect(stderr).toMatch(/→ .*--connect http:\/\/127\.0\.0\.1:7790; .*--standalone/);
    }
    expect(other.stdout).toContain('heard GET /healthz');
    expect(other.stdout).not.toMatch(/authorization|bearer/i);
  });

  it('gets none by not accepting a connection, which older kernels call root’s', async (context) => {
    const at = place(context);
    const other = await squatter(at, 'delays');
    const { code, stderr } = await ask(at, ...at.token);
    expect(code).toBe(1);
    expect(stderr).toContain('belongs to somebody who cannot be told');
    other.write('accept\n');
    const last = await run(['curl', '-sS', '-H', 'x-last: 1', 'http://127.0.0.1:7790/'], { netns: at.netns });
    expect(last.code).toBe(0);
    await other.printed(/x-last/);
    expect(other.stdout).not.toMatch(/authorization|bearer/i);
  });

  it('is one’s own program, or named by --connect: then it is trusted', async (context) => {
    const at = place(context);
    const other = await squatter(at, 'answers');
    await run(inRun(at, asNobody(portchurn(...ASK, ...at.token))), { netns: at.netns });
    const tokens = () => other.stdout.split(TOKEN).length - 1;
    const sent = tokens();
    expect(sent).toBeGreaterThan(0);
    await ask(at, ...at.token, '--connect', 'http://127.0.0.1:7790');
    expect(tokens()).toBeGreaterThan(sent);
  });

  it('is the owner of the directory of the default socket: then it is trusted', async (context) => {
    const at = place(context);
    const other = await squatter(at, 'answers');
    mkdirSync(join(at.run, 'portchurn'));
    chownSync(join(at.run, 'portchurn'), NOBODY, 0);
    await ask(at, ...at.token);
    expect(other.stdout).toContain(TOKEN);
  });
});

describe.concurrent('a service', () => {
  it('of root on the default port is attached to, with the token', async (context) => {
    const at = place(context);
    const running = await service(at, ...at.token);
    expect(await ask(at, ...at.token)).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('attached'),
    });
    const trace = ['trace', '--duration', '0.2', ...at.token];
    const traced = await run(inRun(at, portchurn(...trace)), { netns: at.netns });
    expect(traced).toMatchObject({ code: 0, stderr: expect.stringContaining('attached') });
    const without = await ask(at);
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('--token-file') });
    await end(running);
  });

  it('at the default socket is asked before the port, by who may open it', async (context) => {
    const at = place(context);
    const other = await squatter(at, 'answers');
    const running = await service(at, '--listen', 'unix:/run/portchurn/portchurn.sock');
    const attached = 'portchurn: attached to unix:/run/portchurn/portchurn.sock\n';
    expect(await ask(at, ...at.token)).toMatchObject({ code: 0, stderr: attached });
    const trace = inRun(at, portchurn('trace', '--duration', '0.2'));
    expect((await run(trace, { netns: at.netns })).stderr).toContain(attached);
    expect(other.stdout).toBe('listening\n');
    const refused = await run(inRun(at, asNobody(portchurn(...ASK))), { netns: at.netns });
    expect(refused.stderr).toContain('portchurn.sock is for root and its group; asking 127.0.0.1:7790');
    await end(running);
  });

  it('at a socket that --connect names is asked', async (context) => {
    const at = place(context);
    const running = await service(at, '--listen', 'unix:/run/p.sock');
    const flags = ['--connect', 'unix:/run/p.sock'];
    expect(await ask(at, ...flags)).toMatchObject({
      code: 0,
      stderr: 'portchurn: attached to unix:/run/p.sock\n',
    });
    const missing = await ask(at, '--connect', 'unix:/run/none.sock');
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no answer from a service at unix:/run/none.sock: ENOENT'),
    });
    await end(running);
  });
});
