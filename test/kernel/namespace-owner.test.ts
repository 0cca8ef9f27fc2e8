/** Whose a network namespace is: of a user who made one, what lies in it says nothing of the connections of others. */
import { expect, it } from 'vitest';
import { Netns } from '../support/netns.js';
import { start } from '../support/process.js';
import { testScope } from '../support/scope.js';
import { dump, dumper, OWN } from '../support/socket-dump.js';

const NOBODY = 65_534;
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const ALONE = ['unshare', '--user', '--map-root-user', '--net'];
const STAY = ['sh', '-c', 'echo ready; exec sleep 1000'];

it('is its maker’s, also where that is root inside; of root, and of the dumper’s own, it is nobody else’s', async () => {
  const scope = testScope();
  const alone = [...AS_NOBODY, ...ALONE, ...STAY];
  const nested = [...AS_NOBODY, ...ALONE, ...ALONE, ...STAY];
  const ofRoot = [...ALONE, ...STAY];
  const programs = await Promise.all([alone, nested, ofRoot].map((words) => start(scope, words)));
  await Promise.all(programs.map((program) => program.printed(/ready/)));
  const paths = programs.map(({ pid }) => `/proc/${pid}/ns/net`);
  const found = await dump(dumper(scope), ...paths, Netns.create(scope).path, OWN, '/dev/null');
  expect(found.map(({ ownerUid }) => ownerUid)).toEqual([NOBODY, NOBODY, 0, 0, 0, null]);
});
