/** Pods of a real containerd, by the names that a kubelet gives them: their containers that live, and those of 0.2 s. */
import { describe, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { fileScope, testScope } from '../support/scope.js';
import { View, Watch, watched } from '../support/watch.js';
import { Containerd, IMAGE } from './containerd.js';

const PEER = '127.0.0.1:9000';
const SECRET = 'canary-7c2d';
const CONNECT = 'nc 127.0.0.1 9000 < /dev/null; sleep 0.2';
const SHORT = 5;

const scope = fileScope();
const directory = scope.directory();
const containerPlaces = { docker: [], containerd: [`${directory}/state`], podman: [] };
const next = watched(scope, 1, { containerPlaces });

describe('containers of pods', () => {
  it('are rows with name, image, pod and workload, also those of 0.2 s, and again after a restart', async () => {
    const view = next();
    await churnServer(scope, view.netns, [PEER]);
    const containerd = await Containerd.start(scope, view.netns, directory);
    const env = [['KEY', SECRET]] as const;
    const web = await containerd.pod('prod/web-5d4f8c7b9-x2x4z');
    await containerd.run(web, 'app', `while true; do ${CONNECT}; done`, env);
    const jobs = Array.from({ length: SHORT }, (_, i) => `job-${i}`);
    for (const job of jobs) {
      const pod = await containerd.pod(`prod/${job}-28412345-c9wq7`);
      await containerd.run(pod, job, CONNECT, env);
    }

    const placeOf = (name: string, workload: string, pod: string) => ({
      process: {
        container: name,
        image: IMAGE,
        pod: `prod/${pod}`,
        workload: `prod/${workload}`,
        unit: null,
      },
    });
    const app = placeOf('app', 'web', 'web-5d4f8c7b9-x2x4z');
    const short = jobs.map((job) => placeOf(job, job, `${job}-28412345-c9wq7`));
    expect(await view.containers(['app', ...jobs])).toMatchObject([app, ...short]);
    expect(JSON.stringify(view.flows())).not.toContain(SECRET);

    const again = await Watch.start(testScope(), [view.netns], { containerPlaces });
    expect(await new View(again, view.netns).containers(['app'])).toMatchObject([app]);
  });
});
