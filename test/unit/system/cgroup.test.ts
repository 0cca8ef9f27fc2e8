import { mkdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cgroups, findCgroup2 } from '../../../src/system/cgroup.js';
import { mountsOf } from '../../../src/system/mounts.js';
import { unitOf } from '../../../src/system/parse/unit.js';
import { testScope } from '../../support/scope.js';

describe('the cgroup2 mount', () => {
  const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

  it('is found where it is mounted', () => {
    expect(findCgroup2(mountsOf('cgroup2', hybrid))).toBe('/sys/fs/cgroup/unified');
    expect(findCgroup2(mountsOf('cgroup2', ''))).toBeNull();
  });

  it('is the one that shows the whole tree', () => {
    const part = '50 1 0:38 /docker/1 /mnt/part rw shared:3 master:1 - cgroup2 cgroup2 rw\n';
    expect(findCgroup2(mountsOf('cgroup2', part + hybrid))).toBe('/sys/fs/cgroup/unified');
  });

  it('may lie behind a name with blanks', () => {
    const line = '41 31 0:38 / /a\\040b\\134c rw - cgroup2 none rw\n';
    expect(mountsOf('cgroup2', line)).toEqual([{ root: '/', point: '/a b\\c', type: 'cgroup2' }]);
  });
});

/** A tree of directories: a cgroup's id is its directory's inode number, here as there. */
function treeOf(...paths: string[]) {
  const mount = testScope().directory();
  for (const path of paths) mkdirSync(mount + path, { recursive: true });
  return { mount, idOf: (path: string) => statSync(mount + path, { bigint: true }).ino };
}

describe('a cgroup id', () => {
  it('gives the path below the mount, "/" for the root', async () => {
    const { mount, idOf } = treeOf('/system.slice/a.service', '/system.slice/b.service/sub');
    const cgroups = new Cgroups({ mount });
    expect(await cgroups.resolve(idOf('/system.slice/b.service/sub'))).toBe('/system.slice/b.service/sub');
    expect(await cgroups.resolve(idOf(''))).toBe('/');
  });

  it('is unknown to the first call, which asks for the scan that lets a later one know', async () => {
    const { mount, idOf } = treeOf('/a');
    const cgroups = new Cgroups({ mount });
    const id = idOf('/a');
    expect(cgroups.path(id)).toBeNull();
    await cgroups.resolve(id);
    expect(cgroups.path(id)).toBe('/a');
  });

  it('is found when its group was made after an earlier scan', async () => {
    const { mount, idOf } = treeOf('/a');
    const cgroups = new Cgroups({ mount, restMs: 1 });
    await cgroups.resolve(idOf('/a'));
    mkdirSync(`${mount}/late`);
    expect(await cgroups.resolve(idOf('/late'))).toBe('/late');
  });

  it('of a removed group stays unknown, without another scan', async () => {
    const { mount, idOf } = treeOf('/gone');
    const cgroups = new Cgroups({ mount, restMs: 86_400_000 });
    const id = idOf('/gone');
    rmdirSync(`${mount}/gone`);
    expect(await cgroups.resolve(id)).toBeNull();
    expect(await cgroups.resolve(id)).toBeNull(); // would wait for a day if it asked for a scan
  });

  it('is remembered after its group has gone', async () => {
    const { mount, idOf } = treeOf('/a');
    const cgroups = new Cgroups({ mount });
    const id = idOf('/a');
    await cgroups.resolve(id);
    rmdirSync(`${mount}/a`);
    expect(cgroups.path(id)).toBe('/a');
  });

  it('is null where no cgroup2 is mounted, and 0 is no id', async () => {
    expect(await new Cgroups({ mount: null }).resolve(7n)).toBeNull();
    expect(await new Cgroups({ mount: treeOf('/a').mount }).resolve(0n)).toBeNull();
  });

  it('is found when it was asked for, even if the table is full', async () => {
    const { mount, idOf } = treeOf('/a', '/b', '/c', '/d');
    const cgroups = new Cgroups({ mount, limit: 2, restMs: 1 });
    for (const path of ['/a', '/b', '/c', '/d']) expect(await cgroups.resolve(idOf(path))).toBe(path);
    const kept = ['/a', '/b', '/c', '/d'].filter((path) => cgroups.path(idOf(path)) !== null);
    expect(kept.length).toBeLessThanOrEqual(2);
  });

  it('is not called gone by a scan that had to stop early', async () => {
    const { mount, idOf } = treeOf('/a/b');
    const cgroups = new Cgroups({ mount, scanLimit: 2, restMs: 1 });
    const id = idOf('/a/b');
    expect(await cgroups.resolve(id)).toBeNull();
    renameSync(`${mount}/a/b`, `${mount}/b`);
    rmdirSync(`${mount}/a`);
    expect(await cgroups.resolve(id)).toBe('/b');
  });
});

describe('the systemd unit of a path', () => {
  it.each([
    ['/system.slice/nginx.service', 'nginx.service'],
    ['/system.slice/postgresql@15-main.service', 'postgresql@15-main.service'],
    ['/system.slice/system-getty.slice/getty@tty1.service', 'getty@tty1.service'],
    ['/user.slice/user-1000.slice/user@1000.service/app.slice/gnome.service', 'gnome.service'],
    ['/user.slice/user-1000.slice/session-3.scope', 'session-3.scope'],
    ['/user.slice/user-1000.slice/user@1000.service/init.scope', 'user@1000.service'],
    ['/init.scope', 'init.scope'],
    ['/system.slice/docker-0123abcd.scope', 'docker-0123abcd.scope'],
    [
      '/kubepods.slice/kubepods-besteffort.slice/cri-containerd-0123.scope/inner',
      'cri-containerd-0123.scope',
    ],
    ['/system.slice/_cpu.service', 'cpu.service'],
    ['/machine.slice', 'machine.slice'],
    ['/', null],
    ['/docker/0123abcd', null],
    ['/.service', null],
  ])('%s: %s', (path, unit) => {
    expect(unitOf(path)).toBe(unit);
  });
});
