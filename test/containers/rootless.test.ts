/** A container of a real rootless Podman: a user's groups may be called as the user likes, so that it is shown by its id and its user. */
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findCgroup2 } from '../../src/system/cgroup.js';
import { start } from '../support/process.js';
import { fileScope } from '../support/scope.js';
import { watched } from '../support/watch.js';
import { rootfs } from './image.js';
import { SECRET } from './story.js';

const SCRIPT = fileURLToPath(new URL('rootless.sh', import.meta.url));
const UID = 61_234;
const SLICE = `user.slice/user-${UID}.slice`;
const CALLS = 'while true; do nc 127.0.0.1 9 < /dev/null; sleep 0.2; done';
const OWN = ['--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '--mount-proc'];
/** Its processes have been killed, and end. */
const REMOVE = 'until ! [ -d "$0" ] || find "$0" -depth -type d -delete 2> /dev/null; do sleep 0.1; done';

const scope = fileScope();
const next = watched(scope, 1);

it('is shown by its id, with its user, and by no name', async () => {
  const view = next();
  const directory = scope.directory();
  chmodSync(directory, 0o755);
  rootfs(directory);
  const group = join(findCgroup2() ?? '', SLICE);
  scope.use({ end: () => void execFileSync('timeout', ['30', 'sh', '-c', REMOVE, group]) });
  const words = ['unshare', ...OWN, 'sh', SCRIPT, directory, String(UID), CALLS, SECRET];
  const podman = await start(scope, words, { netns: view.netns });
  scope.use({
    end: async () => {
      podman.signal('SIGKILL');
      await podman.exited;
    },
  });
  const ours = () => view.flows('out').find(({ process }) => process.cgroup?.startsWith(`/${SLICE}/`));
  const row = await view.watch.until(() => podman.running && ours(), 'its connections', 60_000);
  const { cgroup, container, image, pod, workload, uid } = row.process;
  expect({ container, image, pod, workload, uid }).toEqual({
    container: `${cgroup?.split('/').at(-1)?.slice(0, 12)} of user ${UID}`,
    image: null,
    pod: null,
    workload: null,
    uid: UID,
  });
  expect(JSON.stringify(view.flows())).not.toContain(SECRET);
});
