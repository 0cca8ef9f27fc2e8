/**
 * What goes wrong at the start: one clear message, the next step, the contract's exit code, and never a stack trace.
 */

import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Finished, run } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { cli, ROOT } from '../support/service.js';

/** An error message for a person: without a stack; when it is not about a word the user typed, with the next step. */
function expectComplaint(done: Finished, code: number, message: RegExp): void {
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({
    code,
    stderr: expect.stringMatching(message),
  });
  expect(done.stderr).not.toMatch(/^\s+at .*:\d+/m);
  if (code !== 2) expect(done.stderr).toMatch(/^ {2}→ \S/m);
  expect(done.stdout).toBe('');
}

describe('wrong usage ends with 2', () => {
  const wrong: [string, string[], RegExp][] = [
    ['an unknown flag', ['serve', '--lisen', '127.0.0.1:0'], /--lisen/],
    ['an unknown command', ['srve'], /srve/],
    ['a bad address', ['serve', '--listen', 'nonsense'], /nonsense/],
    ['a bad number', ['serve', '--interval', 'soon'], /soon/],
    ['a filter that does not parse', ['top', '--once', '--filter', 'pid:'], /column 5/],
    ['no such pid', ['trace', '--pid', 'abc'], /abc/],
  ];
  it.concurrent.each(wrong)('%s', async (_, words, message) => {
    expectComplaint(await cli(words), 2, message);
  });
});

describe('the service does not start', () => {
  it.concurrent('without privilege: 77, and says which', async () => {
    const words = ['serve', '--listen', '127.0.0.1:0'];
    const done = await cli(words, { user: 'nobody', cwd: '/' });
    expectComplaint(done, 77, /root|CAP_BPF/);
  });

  it.concurrent('when the port is in use: 1, and names it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const done = await cli(['serve', '--listen', `127.0.0.1:${port}`]);
    server.close();
    expectComplaint(done, 1, new RegExp(`127\\.0\\.0\\.1:${port}`));
  });

  it.concurrent('beyond loopback without a token: refuses', async () => {
    const done = await cli(['serve', '--listen', '0.0.0.0:0']);
    expectComplaint(done, 2, /token/);
  });
});

it.concurrent('a service that is not there: 1, and names the URL', async () => {
  const done = await cli(['top', '--once', '--connect', 'http://127.0.0.1:9']);
  expectComplaint(done, 1, /127\.0\.0\.1:9/);
});

describe('an installation that is not whole', () => {
  /** A copy of this one without its addon. */
  function copy(scope: Scope): string {
    const directory = scope.directory();
    for (const part of ['bin', 'dist', 'package.json'])
      cpSync(join(ROOT, part), join(directory, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
    mkdirSync(join(directory, 'out/Release'), { recursive: true });
    return directory;
  }

  const serve = (directory: string) =>
    run([process.execPath, join(directory, 'bin/portchurn.js'), 'serve', '--listen', '127.0.0.1:0']);

  it.concurrent('lacks the addon: 1, and says what builds it', async ({ onTestFinished }) => {
    const done = await serve(copy(testScope({ onTestFinished })));
    expect(done).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/npm run setup/) });
  });

  it.concurrent('has an addon that does not load: 1, and says what builds it', async ({ onTestFinished }) => {
    const directory = copy(testScope({ onTestFinished }));
    writeFileSync(join(directory, 'out/Release/portchurn.node'), 'not an addon');
    expectComplaint(await serve(directory), 1, /npm run (setup|build)/);
  });
});
