/** Where a process runs, as the kernel says it with the process: nobody has time to read the tree for what lives 200 ms. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { binary, churnServer } from '../support/churngen.js';
import { group, hierarchy, version1 } from '../support/control-groups.js';
import { start } from '../support/process.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { ROOT } from '../support/service.js';
import { watched } from '../support/watch.js';

const PEER = '127.0.0.1:9000';
const CLIENT = [binary(), 'client', '--to', PEER, '--count', '1'];
const ID = '3f9c'.repeat(16);
const POD = '0a1b2c3d-1111-2222-3333-444455556666';
const NAME = `pctest-${process.pid}`;

const next = watched(fileScope(), 6);

/** One connection of a process that has joined the group, which it leaves again only by its end. */
async function connectIn(scope: Scope, view: ReturnType<typeof next>, directory: string): Promise<number> {
  await churnServer(scope, view.netns, [PEER]);
  const words = ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', directory, ...CLIENT];
  const client = await start(scope, words, { netns: view.netns });
  expect((await client.exited).code).toBe(0);
  await view.reach('closed', 2);
  return client.pid;
}

describe('a process of a control group', () => {
  it('that is gone at once is in its group: ten of ten', async () => {
    const scope = testScope();
    const view = next();
    await churnServer(scope, view.netns, [PEER]);
    const parent = group(scope, hierarchy(scope), NAME);
    const script = join(ROOT, 'test/programs/short_groups.sh');
    const shell = await start(scope, ['sh', script, parent, '10', ...CLIENT], { netns: view.netns });
    await shell.printed(/^done$/m);
    await view.reach('closed', 20);
    const made = [...shell.stdout.matchAll(/^(\d+) (short\d+)$/gm)];
    const expected = made.map(([, pid, short]) => [Number(pid), `/${NAME}/${short}`]);
    expect(expected).toHaveLength(10);
    const rows = view.flows('out').map(({ process: { pid, cgroup } }) => [pid, cgroup]);
    expect(rows.toSorted()).toEqual(expected.toSorted());
  });

  it.each([
    [`docker/${ID}`, ID.slice(0, 12)],
    [`kubepods/burstable/pod${POD}/${ID}`, ID.slice(0, 12)],
    ['lxc.payload.web/system.slice/nginx.service', 'web'],
  ])('that is a container names it, and no unit: %s', async (path, container) => {
    const scope = testScope();
    const view = next();
    const directory = group(scope, hierarchy(scope), `${NAME}/${path}`);
    const pid = await connectIn(scope, view, directory);
    const place = { pid, cgroup: `/${NAME}/${path}`, container, unit: null };
    expect(view.flows('out')).toMatchObject([{ process: place }]);
  });

  it('in a hierarchy of version 1, where the kernel has one, names its container too', async () => {
    const scope = testScope();
    const mount = version1(scope);
    if (mount === null) return;
    const view = next();
    const directory = group(scope, mount, `${NAME}/docker/${ID}`);
    await connectIn(scope, view, directory);
    const place = { cgroup: `/${NAME}/docker/${ID}`, container: ID.slice(0, 12) };
    expect(view.flows('out')).toMatchObject([{ process: place }]);
  });

  it('whose path is longer than the record is found in the tree', async () => {
    const scope = testScope();
    const view = next();
    const path = `${NAME}/${'d/'.repeat(12)}leaf`;
    const directory = group(scope, hierarchy(scope), path);
    await connectIn(scope, view, directory);
    await view.inGroup(`/${path}`);
  });
});
