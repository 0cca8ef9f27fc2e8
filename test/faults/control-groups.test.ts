/** Control groups that are deleted as soon as their process has ended: counted right, and nobody gets another's group. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FlowRow } from '../../src/protocol/rows.js';
import { binary, churnServer } from '../support/churngen.js';
import { group, hierarchy } from '../support/control-groups.js';
import { KEPT, Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { type Scope, testScope } from '../support/scope.js';
import { ROOT, startService } from '../support/service.js';

const GROUPS = 200;
const PEER = '127.0.0.1:9000';

/** Leaves the group before it is deleted. */
async function stays(scope: Scope, netns: Netns, group: string): Promise<number> {
  mkdirSync(group);
  scope.use({ end: () => rmdirSync(group) });
  const client = [binary(), 'client', '--to', PEER, '--count', '1', '--stay'];
  const words = ['sh', '-c', 'echo $$ > "$0/cgroup.procs"; exec "$@"', group, ...client];
  const program = await start(scope, words, { netns });
  await program.printed(/^\{.*\}$/m);
  return program.pid;
}

it(`${GROUPS} control groups that are gone at once are counted right, and not taken for one another`, async () => {
  const scope = testScope();
  const name = `pctest-${process.pid}`;
  const path = group(scope, hierarchy(scope), name);
  const netns = Netns.create(scope, KEPT);
  const service = await startService(scope, '--interval', '250');
  await churnServer(scope, netns, [PEER]);
  const flows = (await service.stream(scope)).subscribe('flows', {
    filter: `netns:${netns.inode} dir:out`,
    limit: 1000,
  });
  const living = await stays(scope, netns, join(path, 'living'));
  const script = join(ROOT, 'test/programs/short_groups.sh');
  const client = [binary(), 'client', '--to', PEER, '--count', '1'];
  const shell = await start(scope, ['sh', script, path, String(GROUPS), ...client], { netns });
  await shell.printed(/^done$/m);

  const sum = (rows: FlowRow[]) => rows.reduce((all, { opened }) => all + (opened ?? 0), 0);
  const rows = await flows.until((all) => {
    const known = all.find(({ process }) => process.pid === living)?.process.cgroup;
    return sum(all) === GROUPS + 1 && typeof known === 'string' && all;
  });
  const groupOf = new Map(
    [...shell.stdout.matchAll(/^(\d+) (short\d+)$/gm)].map(([, pid, group]) => [Number(pid), group]),
  );
  expect(groupOf.size).toBe(GROUPS);
  for (const { process } of rows) {
    const group = process.pid === living ? 'living' : groupOf.get(process.pid ?? 0);
    if (group) expect(process.cgroup).toBe(`/${name}/${group}`);
  }
  expect(rows.find(({ process }) => process.pid === living)?.process.cgroup).toBe(`/${name}/living`);
});
