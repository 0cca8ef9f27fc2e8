/** Pods of a real containerd, by the names that a kubelet gives them: their containers that live, and those of 0.2 s. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { fileScope, testScope } from '../support/scope.js';
import { View, Watch, watched } from '../support/watch.js';
import { Containerd, IMAGE } from './containerd.js';
import { namedByOwnHosts } from './hosts.js';
import { keepsSecrets } from './secrets.js';
import { goneButNamed, SECRET } from './story.js';

const PEER = '127.0.0.1:9000';
const CONNECT = 'nc 127.0.0.1 9000 < /dev/null; sleep 0.2';
const SHORT = 10;

const scope = fileScope();
const directory = scope.directory();
const containerPlaces = { docker: [], containerd: [`${directory}/state`], podman: [] };
const next = watched(scope, 1, { containerPlaces });

describe('containers of pods', () => {
  let view: View;
  let containerd: Containerd;
  beforeAll(async () => {
    view = next();
    containerd = await Containerd.start(scope, view.netns, directory);
  });

  it('are rows with name, image, pod and workload, also those of 0.2 s, after a restart and their end', async () => {
    await churnServer(scope, view.netns, [PEER]);
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
    const later = new View(again, view.netns);
    expect(await later.containers(['app'])).toMatchObject([app]);

    await containerd.remove(web);
    for (const one of [view, later]) {
      await goneButNamed(one, 'app');
      expect(await one.containers(['app'])).toMatchObject([app]);
    }
  });

  it('call destinations by the hosts files of their pods, and nobody else does', async () => {
    const fileOf = (name: string) => join(directory, `hosts-of-${name}`);
    await namedByOwnHosts(testScope(), view, {
      long: async (name, script, [host, address]) => {
        writeFileSync(fileOf(name), `${address} ${host}\n`);
        await containerd.run(await containerd.pod(`prod/${name}`), name, script, [], fileOf(name));
      },
      rewrite: async (name, line) => writeFileSync(fileOf(name), `${line}\n`),
      // The pods end with the file.
      remove: async () => {},
    });
  });

  it('keep their environment to themselves, and with --redact their arguments', async () => {
    const env = [['KEY', SECRET]] as const;
    const run = async (name: string, script: string) =>
      containerd.run(await containerd.pod(`prod/${name}`), name, script, env);
    await keepsSecrets(scope, view.netns, {
      short: run,
      long: run,
      // The pods end with the file.
      remove: async () => {},
      names: { at: '/run/containerd', directory: containerd.state },
      socket: null,
    });
  });
});
