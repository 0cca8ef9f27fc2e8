/** Containers of a real Docker, by the names that people gave them: those that live, and those of 0.2 s. */
import { describe, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { fileScope } from '../support/scope.js';
import { watched } from '../support/watch.js';
import { Dockerd, IMAGE } from './dockerd.js';

const PEER = '127.0.0.1:9000';
const SECRET = 'canary-5f1e';
const CONNECT = 'nc 127.0.0.1 9000 < /dev/null; sleep 0.2';
const SHORT = 10;

const scope = fileScope();
const root = scope.directory();
const next = watched(scope, 1, { containerPlaces: { docker: [root], containerd: [], podman: [] } });

describe('containers of Docker', () => {
  it('are rows with name and image, also those of 0.2 s, after a rename too, and nothing shows their environment', async () => {
    const view = next();
    const docker = await Dockerd.start(scope, view.netns, root);
    await churnServer(scope, view.netns, [PEER]);
    const run = (...words: string[]) =>
      docker.run('run', '--network=host', `--env=KEY=${SECRET}`, '--entrypoint=sh', ...words);

    await run('--detach', '--name=orders', IMAGE, '-c', `while true; do ${CONNECT}; done`);
    for (let i = 0; i < SHORT; i++) await run('--rm', `--name=job-${i}`, IMAGE, '-c', CONNECT);

    const names = ['orders', ...Array.from({ length: SHORT }, (_, i) => `job-${i}`)];
    const rows = await view.containers(names);
    for (const { process } of rows) expect(process).toMatchObject({ image: IMAGE, unit: null });
    await docker.run('rename', 'orders', 'orders-old');
    await view.containers(['orders-old']);
    expect(JSON.stringify(view.flows())).not.toContain(SECRET);
  });
});
