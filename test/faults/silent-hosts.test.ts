/**
 * A container whose /etc is on a file system that does not answer (a real one, whose server takes no question): its rows lack the names of its own hosts
 * file, the notices say of which container, the log says it once, and one thread waits.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Health } from '../../src/protocol/source.js';
import { binary, churnServer } from '../support/churngen.js';
import { group, hierarchy } from '../support/control-groups.js';
import { Netns } from '../support/netns.js';
import { patient } from '../support/patience.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { ROOT, serviceBy, serviceWords } from '../support/service.js';

const PEER = '127.0.0.1:9000';
const ID = '5e1f'.repeat(16);
const WHAT = `Container ${ID.slice(0, 12)} has no names of its own for addresses that it connects to.`;
const OWN = 'echo $$ > "$0/cgroup.procs"; exec unshare --mount --propagation=private "$@"';

it('is said to lack names of its own, once', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  await churnServer(scope, netns, [PEER]);
  const service = await serviceBy(scope, serviceWords());
  const directory = group(scope, hierarchy(scope), `pctest-${process.pid}/docker/${ID}`);
  const client = [binary(), 'client', '--to', PEER, '--count', '1', '--stay'];
  const container = await start(scope, ['sh', '-c', OWN, directory, ...client], { netns });
  await container.printed(/^\{.*\}$/m);
  const silent = ['/usr/bin/python3', join(ROOT, 'test/programs/silent_fuse.py'), '/etc'];
  const server = await start(scope, ['nsenter', `--target=${container.pid}`, '--mount', '--', ...silent]);
  await server.printed(/mounted/);
  const said = async () =>
    (await service.get<Health>('/healthz')).problems.filter(({ what }) => what === WHAT).length;
  await expect.poll(said, { timeout: patient(60_000), interval: 500 }).toBe(1);
  const tasks = `/proc/${service.pid}/task`;
  const names = readdirSync(tasks).map((tid) => readFileSync(`${tasks}/${tid}/comm`, 'utf8').trim());
  expect(names.filter((name) => name === 'churn-hosts')).toHaveLength(1);
  expect(service.process.stderr.split(WHAT)).toHaveLength(2);
  server.closeInput();
  await server.exited;
});
