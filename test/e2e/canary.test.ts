/**
 * Secrets stay where they are: of a process's environment nothing is ever shown, of its arguments nothing under `--redact`, on every surface there
 * is (surfaces.ts), in the log, and to what `--on-incident` runs. Of containers: test/containers/secrets.ts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { having, Observed, type Outputs, PORT } from '../support/outputs.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { serviceOf } from '../support/service.js';
import { unasked } from '../support/surfaces.js';

const IN_ENVIRONMENT = 'canary-of-the-environment';
const IN_ARGUMENTS = 'canary-of-the-arguments';

/** Connects and is refused all the time, by itself and by children that live for one call: until its input ends. */
const CODE = `import os, select, socket, sys
while not select.select([sys.stdin], [], [], 0.1)[0]:
    if os.fork() == 0:
        socket.socket().connect_ex(("127.0.0.1", ${PORT}))
        os._exit(0)
    os.wait()
    for port in (${PORT}, 9, 9, 9): socket.socket().connect_ex(("127.0.0.1", port))
`;

const scope = fileScope();
let plain: Outputs;
let redacted: Outputs;

beforeAll(async () => {
  const netns = Netns.create(scope);
  const file = join(scope.directory(), 'client.py');
  writeFileSync(file, CODE);
  const env = { ...process.env, CANARY: IN_ENVIRONMENT };
  await churnServer(scope, netns, [`127.0.0.1:${PORT}`]);
  const begin = (...flags: string[]) => serviceOf(scope, netns, ...flags);
  const services = await Promise.all([
    Observed.start(scope, begin),
    Observed.start(scope, begin, '--redact'),
  ]);
  await start(scope, ['python3', '-IS', file, `--password=${IN_ARGUMENTS}`], { netns, env });
  [plain, redacted] = await Promise.all([services[0].outputs(), services[1].outputs()]);
}, 240_000);

it('every path of the service is asked, or left out on purpose', () => {
  expect(unasked()).toEqual([]);
});

it('the canary was there to be shown: rows, the stream and the hook have the arguments', () => {
  expect(having(plain, IN_ARGUMENTS)).toEqual(
    expect.arrayContaining(['/api/v1/snapshot', 'stream', 'stream.ndjson', 'on-incident']),
  );
  for (const [name, text] of [...plain, ...redacted]) expect(text, name).not.toBe('');
});

it('nobody tells the environment', () => {
  expect(having(plain, IN_ENVIRONMENT)).toEqual([]);
  expect(having(redacted, IN_ENVIRONMENT)).toEqual([]);
});

it('with --redact nobody tells the arguments', () => {
  expect(having(redacted, IN_ARGUMENTS)).toEqual([]);
  expect(redacted.get('/api/v1/snapshot')).toContain('python3');
});
