/** Containers of a real Docker, by the names that people gave them: those that live, and those of 0.2 s. */
import { describe, it } from 'vitest';
import { fileScope } from '../support/scope.js';
import { watched } from '../support/watch.js';
import { Dockerd } from './dockerd.js';
import { namedAllAlong } from './story.js';

const scope = fileScope();
const root = scope.directory();
const containerPlaces = { docker: [root], containerd: [], podman: [] };
const next = watched(scope, 1, { containerPlaces });

describe('containers of Docker', () => {
  it('are rows with name and image, also those of 0.2 s, after a restart, a rename and their end', async () => {
    const view = next();
    const docker = await Dockerd.start(scope, view.netns, root);
    await namedAllAlong(scope, view, docker, containerPlaces);
  });
});
