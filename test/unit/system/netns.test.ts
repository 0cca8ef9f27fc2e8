import { Dir, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { NetworkNamespaces, ScanPolicy } from '../../../src/system/netns.js';
import { testScope } from '../../support/scope.js';
import { plant } from '../../support/tree.js';
import { turnsDuring } from '../../support/turns.js';

/** A busy machine is slow. */
const WAIT = { timeout: 60_000 };

/** A /proc of processes: pid, comm, inode of the network namespace. */
function processes(...list: [pid: number, comm: string, inode: number][]): string {
  const files = Object.fromEntries(list.map(([pid, comm]) => [`${pid}/comm`, `${comm}\n`]));
  const links = Object.fromEntries(list.map(([pid, , inode]) => [`${pid}/ns/net`, `net:[${inode}]`]));
  return plant(testScope().directory(), { files: { ...files, loadavg: '0 0 0' }, links });
}

async function scanned(root: string, more = {}): Promise<NetworkNamespaces> {
  const namespaces = new NetworkNamespaces({ root, directories: [], restMs: 1, ...more });
  await namespaces.refresh();
  return namespaces;
}

describe('the name of a network namespace', () => {
  it('is "host" for that of pid 1', async () => {
    const namespaces = await scanned(processes([1, 'systemd', 100], [50, 'sshd', 100]));
    expect(namespaces.nameOf(100)).toBe('host');
  });

  it('is "host" too when pid 1 hides its own, by the kernel’s threads', async () => {
    const root = processes([2, 'kthreadd', 100], [50, 'sshd', 100]);
    expect((await scanned(root)).nameOf(100)).toBe('host');
    const container = processes([2, 'nginx', 100]);
    expect((await scanned(container)).nameOf(100)).toBe('nginx (2)');
  });

  it('is never "host" for another one, whatever its file is called', async () => {
    const root = plant(processes([1, 'systemd', 100]), { files: { 'self/ns/net': '' } });
    const directory = plant(testScope().directory(), { files: { host: '' } });
    const namespaces = await scanned(root, { directories: [directory] });
    expect(namespaces.nameOf(statSync(`${directory}/host`).ino)).toBe('host (netns)');
  });

  it('is its oldest process, by pid, for any other', async () => {
    const namespaces = await scanned(processes([1, 'systemd', 100], [70, 'worker', 200], [60, 'nginx', 200]));
    expect(namespaces.nameOf(200)).toBe('nginx (60)');
  });

  it('stays with the same process while that lives there, and then goes to another', async () => {
    const root = processes([60, 'nginx', 200], [70, 'worker', 200]);
    const namespaces = await scanned(root);
    plant(root, { files: { '9/comm': 'late\n' }, links: { '9/ns/net': 'net:[200]' } });
    await namespaces.refresh();
    expect(namespaces.nameOf(200)).toBe('nginx (60)');
    rmSync(`${root}/60`, { recursive: true });
    await namespaces.refresh();
    expect(namespaces.nameOf(200)).toBe('late (9)');
  });

  it('is gone with its last process', async () => {
    const root = processes([1, 'init', 100], [60, 'nginx', 200]);
    const namespaces = await scanned(root);
    rmSync(`${root}/60`, { recursive: true });
    await namespaces.refresh();
    expect(namespaces.nameOf(200)).toBeNull();
    expect(namespaces.list()).toEqual([{ inode: 100, name: 'host', pid: 1, mountPath: null, fileNs: null }]);
  });

  it('follows a process that gives itself another name', async () => {
    const root = processes([60, 'nginx', 200]);
    const namespaces = await scanned(root);
    writeFileSync(`${root}/60/comm`, 'two words\n');
    await namespaces.refresh();
    expect(namespaces.nameOf(200)).toBe('two words (60)');
  });

  it('is null when its only process vanished before it could be named', async () => {
    const root = processes([60, 'nginx', 200]);
    unlinkSync(`${root}/60/comm`);
    expect((await scanned(root)).list()).toEqual([
      { inode: 200, name: null, pid: 60, mountPath: null, fileNs: null },
    ]);
  });

  it('is unknown while another namespace has the number and nothing was read since', async () => {
    const root = processes([60, 'nginx', 200]);
    const namespaces = await scanned(root);
    expect(namespaces.nameOf(200, 7)).toBe('nginx (60)');
    rmSync(`${root}/60`, { recursive: true });
    plant(root, { files: { '70/comm': 'worker\n' }, links: { '70/ns/net': 'net:[200]' } });
    expect([namespaces.nameOf(200, 9), namespaces.nameOf(200, 9)]).toEqual([null, null]);
    await expect.poll(() => namespaces.nameOf(200, 9), WAIT).toBe('worker (70)');
  });

  it('is null for a number that nobody has', async () => {
    const namespaces = await scanned(processes([1, 'init', 100]));
    expect(namespaces.nameOf(12345)).toBeNull();
    expect(namespaces.nameOf(0)).toBeNull();
  });

  it('does not come from zombies and what cannot be read', async () => {
    const root = processes([1, 'init', 100]);
    plant(root, { files: { '60/comm': 'zombie\n' } });
    symlinkSync('pid:[300]', `${plant(root, { files: { '70/ns/x': '' } })}/70/ns/net`);
    expect((await scanned(root)).list().map(({ inode }) => inode)).toEqual([100]);
  });
});

describe('scans', () => {
  it('look at no more processes than they may', async () => {
    const root = processes([1, 'a', 100], [2, 'b', 200], [3, 'c', 300]);
    expect((await scanned(root, { scanLimit: 2 })).list()).toHaveLength(2);
  });

  it('keep what they did not come to while its process lives there, and say that they saw less than all', async () => {
    const root = processes([1, 'a', 100], [2, 'b', 200]);
    const namespaces = await scanned(root, { scanLimit: 2 });
    const asOf = namespaces.completeAsOf;
    expect([namespaces.trouble, asOf > 0]).toEqual([null, true]);
    plant(root, { files: { '3/comm': 'c\n' }, links: { '3/ns/net': 'net:[300]' } });
    await namespaces.refresh();
    expect(namespaces.list().map(({ inode }) => inode)).toEqual(expect.arrayContaining([100, 200]));
    expect([namespaces.trouble, namespaces.completeAsOf]).toEqual([{ limit: 2 }, asOf]);
  });

  it('say why they failed, until one does not; what was known stays', async () => {
    const namespaces = await scanned(processes([1, 'init', 100]));
    const reading = vi.spyOn(Dir.prototype, 'readSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    });
    await expect(namespaces.refresh()).rejects.toThrow('EIO');
    reading.mockRestore();
    expect(namespaces.trouble).toEqual({ error: 'EIO: i/o error' });
    expect(namespaces.list()).toHaveLength(1);
    await namespaces.refresh();
    expect(namespaces.trouble).toBeNull();
  });

  it('give way to the event loop however many processes there are', async () => {
    const one = processes([1, 'a', 100]);
    const many = testScope().directory();
    for (let pid = 1; pid <= 1000; pid++) symlinkSync(`${one}/1`, `${many}/${pid}`);
    const turns = await turnsDuring(scanned(one));
    expect(await turnsDuring(scanned(many))).toBeGreaterThan(turns + 2);
  });

  it('are worth it for an unknown number once, until names are stale', () => {
    const policy = new ScanPolicy(1000);
    expect(policy.worthAScan(200, false, 0)).toBe(true); // nothing was ever scanned
    policy.scanned([100], 10);
    expect(policy.worthAScan(100, true, 20)).toBe(false);
    expect(policy.worthAScan(200, false, 20)).toBe(true);
    expect(policy.worthAScan(200, false, 30)).toBe(false);
    expect(policy.worthAScan(200, false, 1011)).toBe(true);
  });

  it('are worth it again for a number that was found and then lost', () => {
    const policy = new ScanPolicy(1000);
    policy.scanned([], 0);
    expect(policy.worthAScan(200, false, 1)).toBe(true);
    policy.scanned([200], 2);
    expect(policy.worthAScan(200, false, 3)).toBe(true);
    expect(policy.worthAScan(200, false, 4)).toBe(false);
  });

  it('are asked for again once names are stale', async () => {
    const root = processes([1, 'init', 100]);
    const namespaces = await scanned(root, { restMs: 0, staleMs: 0 });
    plant(root, { files: { '2/comm': 'b\n' }, links: { '2/ns/net': 'net:[200]' } });
    await expect.poll(() => namespaces.nameOf(200), WAIT).toBe('b (2)');
  });
});

it('an ordinary file where ip netns keeps its own is no namespace', async () => {
  const root = processes([1, 'init', 100]);
  const directory = testScope().directory();
  writeFileSync(`${directory}/stale`, '');
  plant(root, { files: { 'self/ns/net': '' } });
  const elsewhere = await scanned(root, { root: '/proc', directories: [directory], scanLimit: 0 });
  expect(elsewhere.list()).toEqual([]);
});
