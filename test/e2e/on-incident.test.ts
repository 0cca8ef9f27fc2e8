/**
 * Whom the service tells of an incident by itself: a program, the service manager, the log. Each says the same of one destination that
 * refuses.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { expect, it } from 'vitest';
import { IncidentRow } from '../../src/protocol/rows.js';
import { program } from '../support/misconfigured.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { portchurn, ROOT, serviceBy, serviceWords } from '../support/service.js';

it('one that opens is told to a program, to the service manager and to the log', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const [told, ears] = [join(scope.directory(), 'told'), join(scope.directory(), 'notify')];
  const ear = await start(scope, ['python3', join(ROOT, 'test/e2e/notify_socket.py'), ears]);
  await ear.printed(/^listening$/m);
  const env = { ...process.env, NOTIFY_SOCKET: ears };
  const flags = ['--on-incident', `tee -a ${told}`, '--filter', `netns:${netns.inode}`];
  const service = await serviceBy(scope, serviceWords(...flags), { env });
  await program(scope, netns, 'one-shot.py', '127.0.0.1', 9000);
  const said = 'Nobody listens on 127.0.0.1:9000: ';
  await ear.printed(new RegExp(`STATUS=${service.url} 1 incident, open: ${said}`), 30_000);
  await service.process.until(
    () => existsSync(told) && readFileSync(told, 'utf8').endsWith('\n'),
    'run the program',
  );
  const [line = ''] = readFileSync(told, 'utf8').split('\n');
  const row = JSON.parse(line) as IncidentRow;
  expect([...Compile(IncidentRow).Errors(row)]).toEqual([]);
  expect(row).toMatchObject({ kind: 'refused', state: 'open', netns: netns.inode });
  expect(row.title.startsWith(said)).toBe(true);
  expect(service.process.stderr).toContain(`"incident":"${row.key}","state":"open"`);
});

it('a program that is not there is wrong usage, before anything is traced', async () => {
  const scope = testScope();
  const running = await start(
    scope,
    portchurn('serve', '--listen', '127.0.0.1:0', '--on-incident', './no-pager x'),
  );
  expect(await running.finished(30_000)).toMatchObject({ code: 2 });
  expect(running.stderr).toContain('"./no-pager" is not a program that can be run');
});
