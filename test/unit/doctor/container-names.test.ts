import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { socketChecks } from '../../../src/doctor/checks/containers.js';
import { socketProblem } from '../../../src/doctor/container-names.js';
import { testScope } from '../../support/scope.js';

it.each([
  ['EACCES', /may not be opened/, /SupplementaryGroups.*CAP_DAC_OVERRIDE.*equal to root/],
  ['EPERM', /may not be opened/, /equal to root/],
  ['ENOENT', /no such file/, /Start the daemon/],
  ['ECONNREFUSED', /Nobody listens/, /Start the daemon/],
  ['TIMEOUT', /in time/, /journalctl/],
  ['NOT_JSON', /none of Docker’s or Podman’s/, /journalctl/],
  ['HPE_INVALID_CONSTANT', /none of Docker’s or Podman’s/, /journalctl/],
  ['HTTP_500', /an error \(HTTP_500\)/, /journalctl/],
])('a socket that cannot be asked has a reason and a fix: %s', (code, why, fix) => {
  const problem = socketProblem('/run/docker.sock', code);
  expect(problem.why).toMatch(why);
  expect(problem.fix).toMatch(fix);
});

it('the doctor tries each socket, in the words of the service', async () => {
  const scope = testScope();
  const path = join(scope.directory(), 'sock');
  const server = createServer(
    (_, answer) => void answer.end(`[{"Id":"${'ab12'.repeat(16)}","Names":["/web"]}]`),
  );
  await new Promise<void>((resolve) => server.listen(path, resolve));
  scope.use({ end: () => void server.close() });
  const none = `${path}-none`;
  const { what, why, fix } = socketProblem(none, 'ENOENT');
  expect(await socketChecks([path, none])).toMatchObject([
    { status: 'ok', detail: 'it answers, 1 container runs' },
    { status: 'warn', detail: `${what} ${why}`, fix },
  ]);
});
