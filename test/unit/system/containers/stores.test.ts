import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  containerdStore,
  dockerStore,
  machineStore,
  placesHere,
  podmanStore,
} from '../../../../src/system/containers/stores.js';
import { testScope } from '../../../support/scope.js';

const ID = '3f9c'.repeat(16);

/** Processor time of the longest turn of the event loop meanwhile, ms. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let [isOver, longest, before] = [false, 0, process.cpuUsage()];
  const turn = (): void => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    longest = Math.max(longest, (user + system) / 1000);
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work();
  for (let last = 0; last < 2; last++) await new Promise((resolve) => setImmediate(resolve));
  isOver = true;
  return longest;
}

/** A store with one file in it. */
function storeWith(path: string, content: unknown): string {
  const root = testScope().directory();
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  return root;
}

const DOCKER = `containers/${ID}/config.v2.json`;
const TASK = `io.containerd.runtime.v2.task/k8s.io/${ID}/config.json`;
const LIST = 'vfs-containers/containers.json';

const COMPOSE = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };

describe('what Docker writes about a container', () => {
  const config = { Env: ['SECRET=canary'], Cmd: ['run'], Image: 'shop/web:1.2', Labels: {} };

  it('is its name and image', async () => {
    const root = storeWith(DOCKER, { Args: ['run'], Config: config, Name: '/shop-web' });
    expect(await dockerStore(root)(ID)).toEqual({
      name: 'shop-web',
      image: 'shop/web:1.2',
      pod: null,
      workload: null,
    });
  });

  it('is its pod too, under Kubernetes', async () => {
    const Labels = {
      'io.kubernetes.container.name': 'app',
      'io.kubernetes.pod.name': 'web-0',
      'io.kubernetes.pod.namespace': 'prod',
    };
    const root = storeWith(DOCKER, { Config: { ...config, Labels }, Name: '/k8s_app_web-0_prod_uid_0' });
    expect(await dockerStore(root)(ID)).toMatchObject({
      name: 'app',
      pod: 'prod/web-0',
      workload: 'prod/web',
    });
  });

  it.each([
    ['shop/web', 'shop-web-1', COMPOSE],
    ['shop/web', 'shop_web_run_1', COMPOSE],
    ['web', 'web.1.k2x', { 'com.docker.swarm.service.name': 'web' }],
  ])('is the service of which it is one: %s, %s', async (workload, name, Labels) => {
    const root = storeWith(DOCKER, { Config: { ...config, Labels }, Name: `/${name}` });
    expect(await dockerStore(root)(ID)).toMatchObject({ name, pod: null, workload });
  });

  it('is not what only its labels say, which an image can bring along', async () => {
    const pod = { 'io.kubernetes.pod.name': 'web-0', 'io.kubernetes.pod.namespace': 'prod' };
    const Labels = {
      'io.kubernetes.container.name': 'app',
      ...pod,
      ...COMPOSE,
      'com.docker.swarm.service.name': 'web',
    };
    for (const Name of ['/miner', '/k8s_app_web-0_test_uid_0', '/shop-webs-1', '/webs.1.k2x']) {
      const root = storeWith(DOCKER, { Config: { ...config, Labels }, Name });
      expect(await dockerStore(root)(ID)).toMatchObject({ name: Name.slice(1), pod: null, workload: null });
    }
  });

  it('is nothing where a text is longer than any name', async () => {
    expect(
      await dockerStore(storeWith(DOCKER, { Config: config, Name: `/${'x'.repeat(1025)}` }))(ID),
    ).toBeNull();
  });
});

describe('what containerd writes about a container of the kubelet', () => {
  const annotations = {
    'io.kubernetes.cri.container-name': 'app',
    'io.kubernetes.cri.container-type': 'container',
    'io.kubernetes.cri.image-name': 'docker.io/library/redis:7',
    'io.kubernetes.cri.sandbox-name': 'db-0',
    'io.kubernetes.cri.sandbox-namespace': 'prod',
  };

  it('is its name, image and pod', async () => {
    const root = storeWith(TASK, { process: { env: ['SECRET=canary'] }, annotations });
    expect(await containerdStore(root)(ID)).toEqual({
      name: 'app',
      image: 'docker.io/library/redis:7',
      pod: 'prod/db-0',
      workload: 'prod/db',
    });
  });

  it('is the pod of a pause container, which has no name', async () => {
    const pause = {
      'io.kubernetes.cri.container-type': 'sandbox',
      'io.kubernetes.cri.sandbox-name': 'db-0',
      'io.kubernetes.cri.sandbox-namespace': 'prod',
    };
    const root = storeWith(TASK, { annotations: pause });
    expect(await containerdStore(root)(ID)).toEqual({
      name: 'pause',
      image: null,
      pod: 'prod/db-0',
      workload: 'prod/db',
    });
  });

  it('is nothing without annotations: Docker’s own are in another store', async () => {
    expect(await containerdStore(storeWith(TASK, { process: {} }))(ID)).toBeNull();
  });
});

describe('what Podman writes about its containers', () => {
  it('is name and image of one of them', async () => {
    const metadata = JSON.stringify({ 'image-name': 'docker.io/library/redis:7', name: 'cache' });
    const root = storeWith(LIST, [{ id: 'other' }, { id: ID, names: ['cache'], image: 'f00d', metadata }]);
    expect(await podmanStore(root)(ID)).toEqual({
      name: 'cache',
      image: 'docker.io/library/redis:7',
      pod: null,
      workload: null,
    });
    expect(await podmanStore(root)('another')).toBeNull();
  });

  it('is read again when it has changed, and only then', async () => {
    const root = storeWith(LIST, [{ id: ID, names: ['cache'] }]);
    const store = podmanStore(root);
    expect(await store(ID)).toMatchObject({ name: 'cache' });
    const before = vi.spyOn(JSON, 'parse');
    expect(await store(ID)).toMatchObject({ name: 'cache' });
    expect(before).not.toHaveBeenCalled();
    before.mockRestore();
    writeFileSync(join(root, LIST), JSON.stringify([{ id: ID, names: ['renamed'] }]));
    expect(await store(ID)).toMatchObject({ name: 'renamed' });
  });

  it('holds up no turn of the event loop for long, however long the list is, and is not read for ever', async () => {
    const one = (n: number) => ({
      id: n.toString(16).padStart(64, 'a'),
      names: [`cache-${n}`],
      layer: 'e'.repeat(64),
      metadata: JSON.stringify({ 'image-name': 'redis:7', 'image-id': 'f'.repeat(64) }),
      flags: { MountLabel: '', ProcessLabel: '' },
    });
    const list = Array.from({ length: 40_000 }, (_, n) => one(n));
    const root = storeWith(LIST, list);
    expect(statSync(join(root, LIST)).size).toBeGreaterThan(12e6);
    const last = list.at(-1)?.id ?? '';
    // A collection of garbage may fall into one of them.
    const longest: number[] = [];
    let store = podmanStore(root);
    for (let time = 0; time < 3; time++) {
      store = podmanStore(root);
      longest.push(
        await longestTurn(async () => expect(await store(last)).toMatchObject({ name: 'cache-39999' })),
      );
    }
    const atOnce = await longestTurn(async () => JSON.parse(readFileSync(join(root, LIST), 'utf8')));
    expect(Math.min(...longest)).toBeLessThan(atOnce / 3);

    writeFileSync(join(root, LIST), JSON.stringify([{ id: last, names: ['renamed'] }]));
    expect(await store(last), 'it rests').toMatchObject({ name: 'cache-39999' });
    const later = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
    expect(await store(last)).toMatchObject({ name: 'renamed' });
    clock.mockRestore();
  }, 60_000);

  it('may be broken in the metadata of one, of which only the image is missing', async () => {
    const root = storeWith(LIST, [{ id: ID, names: ['cache'], metadata: '{' }]);
    expect(await podmanStore(root)(ID)).toMatchObject({ name: 'cache', image: null });
  });

  it('may be a root file system without an image', async () => {
    const metadata = JSON.stringify({ 'image-name': '', name: 'cache' });
    const root = storeWith(LIST, [{ id: ID, names: ['cache'], metadata }]);
    expect(await podmanStore(root)(ID)).toEqual({ name: 'cache', image: null, pod: null, workload: null });
  });
});

describe('what machined says of a unit', () => {
  it('is the name of the machine in it', async () => {
    const root = storeWith('db-1', 'NAME=db-1\nSCOPE=shop.service\n');
    symlinkSync('db-1', join(root, 'unit:shop.service'));
    symlinkSync('/etc/passwd', join(root, 'unit:odd.service'));
    const store = machineStore(root);
    expect(await store('unit:shop.service')).toEqual({
      name: 'db-1',
      image: null,
      pod: null,
      workload: null,
    });
    expect(await store('unit:odd.service')).toBeNull();
    expect(await store('unit:none.service').catch(() => null)).toBeNull();
    expect(await store('db-1')).toBeNull();
  });
});

it('a file that has not changed is not read again', async () => {
  const root = storeWith(DOCKER, { Name: '/web' });
  const store = dockerStore(root);
  const first = await store(ID);
  expect(await store(ID)).toBe(first);
  writeFileSync(join(root, DOCKER), JSON.stringify({ Name: '/web-old' }));
  expect(await store(ID)).toMatchObject({ name: 'web-old' });
});

describe('a file that is not what it should be', () => {
  it.each(['', '{', '[]', '{"Name":5}', '{"Config":"x"}', '{"Name":""}'])(
    'has no names: %s',
    async (content) => {
      const root = storeWith(DOCKER, content);
      expect(await dockerStore(root)(ID).catch(() => null)).toBeNull();
    },
  );

  it('is not read where it is a link, or larger than such a file is', async () => {
    const root = storeWith('secret', { Name: '/secret' });
    mkdirSync(dirname(join(root, DOCKER)), { recursive: true });
    symlinkSync(join(root, 'secret'), join(root, DOCKER));
    expect(await dockerStore(root)(ID)).toBeNull();
    const large = storeWith(DOCKER, { Name: '/x', Labels: 'x'.repeat(1 << 20) });
    expect(await dockerStore(large)(ID)).toBeNull();
  });

  it('is not waited for where it is a pipe', async () => {
    const root = storeWith('other', '');
    mkdirSync(dirname(join(root, DOCKER)), { recursive: true });
    execFileSync('mkfifo', [join(root, DOCKER)]);
    expect(await dockerStore(root)(ID)).toBeNull();
  });
});

it('Docker’s files are where its configuration says, else where they always are', () => {
  const here = (text: string) => placesHere(join(storeWith('daemon.json', text), 'daemon.json')).docker;
  expect(here('{"data-root": "/srv/docker", "debug": true}')).toEqual(['/srv/docker']);
  for (const text of ['{}', '{', '{"data-root": 5}']) expect(here(text)).toEqual(['/var/lib/docker']);
  const pipe = join(testScope().directory(), 'daemon.json');
  execFileSync('mkfifo', [pipe]);
  expect(placesHere(pipe).docker).toEqual(['/var/lib/docker']);
});
