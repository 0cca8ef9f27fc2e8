import { describe, expect, it } from 'vitest';
import { partOf } from '../../../src/system/parse/container.js';

const ID = '3f9c'.repeat(16);
const INNER = 'a1b2'.repeat(16);
const UID = '0a1b2c3d-1111-2222-3333-444455556666';
const ESCAPED = UID.replaceAll('-', '_');

const container = (runtime: string, id = ID, name: string | null = null, podUid: string | null = null) => ({
  runtime,
  id,
  name,
  podUid,
  unlisted: false,
});

describe('the control group of a container', () => {
  it.each([
    [`/docker/${ID}`, container('docker')],
    [`/system.slice/docker-${ID}.scope`, container('docker')],
    [`/system.slice/docker-${ID}.scope/init.scope`, container('docker')],
    [`/libpod_parent/libpod-${ID}`, container('podman')],
    [`/libpod_parent/libpod-${ID}/container`, container('podman')],
    [`/machine.slice/libpod-${ID}.scope/container`, container('podman')],
    [`/system.slice/nerdctl-${ID}.scope`, container('containerd')],
    [`/default/${ID}`, container('unknown')],
    [`/ecs/${INNER.slice(0, 32)}/${ID}`, container('unknown')],
    [
      `/ecs/${INNER.slice(0, 32)}/${ID.slice(0, 32)}-123456789`,
      container('unknown', `${ID.slice(0, 32)}-123456789`),
    ],
  ])('is known by its id: %s', (path, expected) => {
    expect(partOf(path).container).toEqual(expected);
  });

  it.each([
    [`/kubepods/burstable/pod${UID}/${ID}`, 'unknown'],
    [`/kubepods/pod${UID}/${ID}`, 'unknown'],
    [
      `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${ESCAPED}.slice/cri-containerd-${ID}.scope`,
      'containerd',
    ],
    [`/kubepods.slice/kubepods-pod${ESCAPED}.slice/crio-${ID}.scope`, 'cri-o'],
    [
      `/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod${ESCAPED}.slice/docker-${ID}.scope`,
      'docker',
    ],
    [
      `/system.slice/containerd.service/kubepods-burstable-pod${ESCAPED}.slice:cri-containerd:${ID}`,
      'containerd',
    ],
    [
      `/docker/${INNER}/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod${ESCAPED}.slice/cri-containerd-${ID}.scope`,
      'containerd',
    ],
    [`/docker/${INNER}/kubelet/kubepods/besteffort/pod${UID}/${ID}`, 'unknown'],
    [`/kubepods/burstable/pod${UID}/${ID}/docker/${INNER}`, 'unknown'],
  ])('is in its pod: %s', (path, runtime) => {
    const unlisted = path.startsWith('/docker/');
    expect(partOf(path).container).toEqual({ ...container(runtime, ID, null, UID), unlisted });
  });

  it('is in the pod of a static manifest, whose uid is a hash', () => {
    const { container: found } = partOf(`/kubepods/burstable/pod${ID.slice(0, 32)}/${ID}`);
    expect(found?.podUid).toBe(ID.slice(0, 32));
  });

  it.each([
    ['/lxc.payload.c1/system.slice/smbd.service', container('lxc', 'c1', 'c1')],
    ['/init/lxc.payload.web-2', container('lxc', 'web-2', 'web-2')],
    ['/lxc/c1', container('lxc', 'c1', 'c1')],
    ['/machine.slice/machine-web\\x2d1.scope', container('machine', 'web-1', 'web-1')],
    ['/machine.slice/systemd-nspawn@db.service/payload', container('machine', 'db', 'db')],
    [
      '/system.slice/shop\\x2ddb.service/payload',
      container('machine', 'unit:shop\\x2ddb.service', 'shop-db'),
    ],
    [`/nomad.slice/share.slice/${UID}.api.scope`, container('nomad', UID, 'api')],
    [`/garden/${UID}`, container('garden', UID)],
  ])('is known by its name: %s', (path, expected) => {
    expect(partOf(path).container).toEqual(expected);
  });

  it('of a user is one whose names the user chose', () => {
    const path = `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${ID}.scope`;
    expect(partOf(path).container).toEqual({
      ...container('podman', ID, '3f9c3f9c3f9c of user 1000'),
      unlisted: true,
    });
    const named = '/user.slice/user-1001.slice/user@1001.service/lxc.payload.db';
    expect(partOf(named).container).toMatchObject({ id: 'db', name: 'db of user 1001', unlisted: true });
  });

  it('of a rootless Podman without systemd is of a user too', () => {
    const path = `/user.slice/user-1000.slice/user@1000.service/${ID}`;
    expect(partOf(path)).toEqual({
      container: { ...container('unknown', ID, '3f9c3f9c3f9c of user 1000'), unlisted: true },
      unit: 'user@1000.service',
    });
  });

  it('is the outermost one', () => {
    expect(partOf(`/docker/${ID}/docker/${INNER}`).container).toEqual(container('docker'));
    expect(partOf(`/lxc.payload.c1/docker/${INNER}`).container).toEqual(container('lxc', 'c1', 'c1'));
  });

  it.each([
    '/',
    '/init',
    '/system.slice/nginx.service',
    '/user.slice/user-1000.slice/session-3.scope',
    '/system.slice/docker.service',
    `/system.slice/docker-${ID.slice(1)}.scope`,
    '/system.slice/lxc.service',
    '/lxc',
  ])('is not what is none: %s', (path) => {
    expect(partOf(path).container).toBeNull();
  });
});

describe('the unit', () => {
  it.each([
    ['/system.slice/nginx.service', 'nginx.service'],
    ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope'],
    [`/system.slice/web.service/libpod-payload-${ID}`, 'web.service'],
    ['/machine.slice/systemd-nspawn@db.service/payload', null],
    [`/system.slice/docker-${ID}.scope`, null],
    [`/kubepods.slice/kubepods-pod${ESCAPED}.slice/cri-containerd-${ID}.scope`, null],
    ['/lxc.payload.c1/system.slice/smbd.service', null],
    [`/docker/${ID}/system.slice/nginx.service`, null],
    [`/machine.slice/libpod-conmon-${ID}.scope`, null],
    [`/system.slice/crio-conmon-${ID}.scope`, null],
    ['/lxc.monitor.c1', null],
  ])('is one of the machine, and no container: %s', (path, expected) => {
    expect(partOf(path).unit).toBe(expected);
  });
});
