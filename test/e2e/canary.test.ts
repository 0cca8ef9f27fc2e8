/**
 * Secrets stay where they are: of a process's environment nothing is ever told, of its arguments nothing under `--redact`, on every surface there
 * is (surfaces.ts), in the log, and to what `--on-incident` runs.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { type Service, serviceOf } from '../support/service.js';
import { said, unasked } from './surfaces.js';

const IN_ENVIRONMENT = 'canary-of-the-environment';
const IN_ARGUMENTS = 'canary-of-the-arguments';
const TO = '127.0.0.1:9000';

/** Connects and is refused all the time, by itself and by children that live for one call: until its input ends. */
const CODE = `import os, select, socket, sys
while not select.select([sys.stdin], [], [], 0.1)[0]:
    if os.fork() == 0:
        socket.socket().connect_ex(("127.0.0.1", 9000))
        os._exit(0)
    os.wait()
    for port in (9000, 9, 9, 9): socket.socket().connect_ex(("127.0.0.1", port))
`;

const scope = fileScope();
const told: Record<'plain' | 'redacted', Map<string, string>> = { plain: new Map(), redacted: new Map() };

beforeAll(async () => {
  const netns = Netns.create(scope);
  const file = join(scope.directory(), 'client.py');
  writeFileSync(file, CODE);
  const env = { ...process.env, CANARY: IN_ENVIRONMENT };
  await churnServer(scope, netns, [TO]);
  const hooks = [join(scope.directory(), 'plain'), join(scope.directory(), 'redacted')];
  const services = await Promise.all(
    hooks.map((hook, at) =>
      serviceOf(
        scope,
        netns,
        '--on-incident',
        `tee -a ${hook}`,
        '--log-level',
        'debug',
        ...['--redact'].slice(0, at),
      ),
    ),
  );
  await start(scope, ['python3', '-IS', file, `--password=${IN_ARGUMENTS}`], { netns, env });
  await Promise.all(
    services.map(async (service, at) => {
      const name = at === 0 ? 'plain' : 'redacted';
      told[name] = await said(scope, service, await askedOf(service));
      await service.process.until(() => read(hooks[at] as string).endsWith('\n'), 'run the program');
      told[name].set('on-incident', read(hooks[at] as string)).set('log', service.process.stderr);
    }),
  );
}, 240_000);

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** An incident is open by then: every surface has something to say. */
async function askedOf(service: Service) {
  const stream = await service.stream(scope);
  const incidents = stream.subscribe('incidents');
  await incidents.until(
    (rows) => rows.some(({ state, victims }) => state === 'open' && victims.length > 0),
    60_000,
  );
  const isOurs = ({ destination }: { destination: { port: number | null } }) => destination.port === 9000;
  const budget = await stream.subscribe('budgets').until((rows) => rows.find(isOurs));
  const flow = await stream.subscribe('flows', { filter: 'dir:out' }).until((rows) => rows.find(isOurs));
  return { budget: budget.key, flow: flow.key };
}

const having = (surfaces: ReadonlyMap<string, string>, text: string) =>
  [...surfaces].flatMap(([name, said]) => (said.includes(text) ? name : []));

it('every path of the service is asked, or left out on purpose', () => {
  expect(unasked()).toEqual([]);
});

it('the canary was there to be told: rows, the stream and the hook have the arguments', () => {
  expect(having(told.plain, IN_ARGUMENTS)).toEqual(
    expect.arrayContaining(['/api/v1/snapshot', 'stream', 'stream.ndjson', 'on-incident']),
  );
  for (const surfaces of Object.values(told))
    for (const [name, text] of surfaces) expect(text, name).not.toBe('');
});

it.each(['plain', 'redacted'] as const)('nobody tells the environment (%s)', (name) => {
  expect(having(told[name], IN_ENVIRONMENT)).toEqual([]);
});

it('with --redact nobody tells the arguments', () => {
  expect(having(told.redacted, IN_ARGUMENTS)).toEqual([]);
  expect(told.redacted.get('/api/v1/snapshot')).toContain('python3');
});
