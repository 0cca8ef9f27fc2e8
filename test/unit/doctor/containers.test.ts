import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { containerChecks } from '../../../src/doctor/checks/containers.js';

const ROOT = mkdtempSync(join(tmpdir(), 'portchurn-doctor-'));
const PLACES = { docker: ['/docker'], containerd: ['/a', '/b'], podman: ['/storage'] };
afterAll(() => rmSync(ROOT, { recursive: true }));

const check = async (id: string) =>
  (await containerChecks({ uid: 1000 }, ROOT, PLACES)).find((one) => one.id === id);

it('says of a user’s own containers, and of a runtime whose files are not known, that they have no names', async () => {
  const podman = { ...PLACES, podman: ['/podman'] };
  mkdirSync(join(ROOT, 'podman'), { recursive: true });
  const ids = async () => (await containerChecks({ uid: 0 }, ROOT, podman)).map(({ id }) => id);
  expect(await ids()).not.toContain('names-cri-o');
  mkdirSync(join(ROOT, 'run/crio'), { recursive: true });
  expect((await containerChecks({ uid: 0 }, ROOT, podman)).slice(-2)).toMatchObject([
    {
      id: 'names-podman',
      status: 'ok',
      detail: `from ${ROOT}/podman; a user’s own (rootless) are shown by their ids`,
    },
    {
      id: 'names-cri-o',
      status: 'warn',
      exit: 0,
      detail: expect.stringContaining('by their ids, not by their names'),
    },
  ]);
});

it('says of each runtime where the names of its containers come from, and why there are none', async () => {
  mkdirSync(join(ROOT, 'b/io.containerd.runtime.v2.task'), { recursive: true });
  // Root may read every directory: this is none.
  writeFileSync(join(ROOT, 'storage'), '');
  expect(await check('names-docker')).toMatchObject({
    status: 'ok',
    detail: `none: there is no ${ROOT}/docker/containers`,
  });
  expect(await check('names-containerd')).toMatchObject({
    status: 'ok',
    detail: `from ${ROOT}/b/io.containerd.runtime.v2.task`,
  });
  expect(await check('names-podman')).toMatchObject({
    status: 'warn',
    detail: `Containers of Podman are shown by their ids, not by their names. ${ROOT}/storage cannot be read (ENOTDIR).`,
    fix: 'sudo portchurn serve',
    exit: 0,
  });
});
