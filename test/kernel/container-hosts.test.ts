/**
 * A container's hosts file is that of its first process: somebody in there who makes a mount namespace of his own names nothing for the others, and nobody
 * outside gets a name of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { group, hierarchy } from '../support/control-groups.js';
import { start } from '../support/process.js';
import { fileScope, testScope } from '../support/scope.js';
import { watched } from '../support/watch.js';

const PLACE = '10.77.0.9';
const ID = '7b1d'.repeat(16);
/** Refused at once, and tried again by the same process. */
const TRIES = `while true; do : 3<>/dev/tcp/${PLACE}/7; sleep 0.2; done 2> /dev/null`;
/** Becomes a process with this file in place of the hosts file, in a mount namespace of its own. */
const OWN =
  'exec setpriv --pdeathsig=KILL unshare --mount --propagation=private sh -c \'mount --bind "$0" /etc/hosts && exec bash -c "$1"\'';
const FIRST = `(${OWN} "$INTRUDERS" "$TRIES") & read -r; eval "$TRIES"`;

const next = watched(fileScope(), 1);

it('names are of the first process of a container, for its own flows', async () => {
  const scope = testScope();
  const view = next();
  view.netns.exec('ip', 'address', 'add', `${PLACE}/32`, 'dev', 'lo');
  const files = scope.directory();
  const fileOf = (name: string) => {
    writeFileSync(join(files, name), `${PLACE} db.${name}\n`);
    return join(files, name);
  };
  const directory = group(scope, hierarchy(scope), `pctest-${process.pid}/docker/${ID}`);
  const joined = ['sh', '-c', `echo $$ > "$GROUP/cgroup.procs" && ${OWN} "$OWNERS" "$FIRST"`];
  const env = {
    ...process.env,
    ...{ GROUP: directory, OWNERS: fileOf('container'), INTRUDERS: fileOf('intruder') },
    ...{ FIRST, TRIES },
  };
  const container = await start(scope, joined, { netns: view.netns, env });
  const outside = await start(scope, ['bash', '-c', TRIES], { netns: view.netns });
  const rowsOf = (isInside: boolean) =>
    view.flows('out').filter(({ process }) => (process.container === ID.slice(0, 12)) === isInside);
  const namesOf = (isInside: boolean) => rowsOf(isInside).map(({ destination }) => destination.name);
  await view.watch.until(() => namesOf(true).some((name) => name !== null), 'a name for the intruder');
  expect(namesOf(true)).toEqual(['db.container']);
  container.write('go\n');
  await view.watch.until(() => {
    const names = namesOf(true);
    return names.length === 2 && names.every((name) => name !== null);
  }, 'a name for the container itself');
  expect(namesOf(true)).toEqual(['db.container', 'db.container']);
  expect(rowsOf(true).map(({ process }) => process.pid)).toContain(container.pid);
  expect(rowsOf(false).map(({ process, destination }) => [process.pid, destination.name])).toEqual([
    [outside.pid, null],
  ]);
});
