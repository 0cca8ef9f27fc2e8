/** Containers of a real Podman, by the names that people gave them: those that live, and those of 0.2 s. */
import { beforeAll, describe, it } from 'vitest';
import { fileScope, testScope } from '../support/scope.js';
import { type View, watched } from '../support/watch.js';
import { namedByOwnHosts } from './hosts.js';
import { Podman } from './podman.js';
import { keepsSecrets } from './secrets.js';
import { namedAllAlong, namedBySocket } from './story.js';

const scope = fileScope();
const root = scope.directory();
const containerPlaces = { docker: [], containerd: [], podman: [root] };
const next = watched(scope, 1, { containerPlaces });

describe('containers of Podman', () => {
  let view: View;
  let runtime: Podman;
  beforeAll(async () => {
    view = next();
    runtime = await Podman.start(scope, view.netns, root);
  });

  it('are rows with name and image, also those of 0.2 s, after a restart, a rename and their end', async () => {
    await namedAllAlong(scope, view, runtime, containerPlaces);
  });

  it('are named by the socket alone, where that is to be asked', async () => {
    await namedBySocket(view, runtime, runtime.socket);
  });

  it('call destinations by their own hosts files, and nobody else does', async () => {
    await namedByOwnHosts(testScope(), view, runtime);
  });

  it('keep their environment to themselves, and with --redact their arguments', async () => {
    await keepsSecrets(scope, view.netns, runtime);
  });
});
