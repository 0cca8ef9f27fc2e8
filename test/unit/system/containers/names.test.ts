import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Disk } from '../../../../src/system/containers/disk.js';
import { ContainerNames } from '../../../../src/system/containers/names.js';
import type { Store } from '../../../../src/system/containers/stores.js';
import type { ContainerPath } from '../../../../src/system/parse/container.js';

const container = (id: string, more: Partial<ContainerPath> = {}): ContainerPath => ({
  runtime: 'docker',
  id,
  name: null,
  podUid: null,
  unlisted: false,
  ...more,
});
const WEB = { name: 'web', image: 'web:1', pod: null, workload: null };

describe('the names of a container', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are there after the first question, and stay when the container is gone', async () => {
    let isThere = true;
    const names = new ContainerNames(() => [async () => (isThere ? WEB : null)]);
    expect(names.of(container('a'))).toBeNull();
    await vi.advanceTimersByTimeAsync(0);
    isThere = false;
    expect(names.of(container('a'))).toEqual(WEB);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(names.of(container('a'))).toEqual(WEB);
  });

  it('are those that it has now, but the same object as long as they say the same', async () => {
    let name = 'web';
    const names = new ContainerNames(() => [async () => ({ ...WEB, name })]);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(11_000);
    const before = names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect(names.of(container('a'))).toBe(before);
    name = 'renamed';
    await vi.advanceTimersByTimeAsync(11_000);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect(names.of(container('a'))).toMatchObject({ name: 'renamed' });
  });

  it('may have changed when one has, and when nobody has asked for a while', async () => {
    let name = 'web';
    const names = new ContainerNames(() => [async () => ({ ...WEB, name })]);
    expect(names.mayHaveChanged()).toBe(false);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect([names.mayHaveChanged(), names.mayHaveChanged()]).toEqual([true, false]);
    name = 'renamed';
    await vi.advanceTimersByTimeAsync(11_000);
    expect(names.mayHaveChanged()).toBe(true);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect([names.mayHaveChanged(), names.mayHaveChanged()]).toEqual([true, false]);
  });

  it('are looked for again after 0.1, 1 and 10 seconds, in each store, and no more', async () => {
    const asked: number[] = [];
    const start = Date.now();
    const names = new ContainerNames(() => [
      () => Promise.reject(new Error('no JSON')),
      async () => {
        asked.push(Date.now() - start);
        return null;
      },
    ]);
    for (let i = 0; i < 5; i++) names.of(container('a'));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(asked).toEqual([0, 100, 1100, 11_100]);
    expect(names.of(container('a'))).toBeNull();
  });

  it('of a user’s own container are not those that the machine has for this id', async () => {
    const names = new ContainerNames(() => [async () => WEB]);
    names.of(container('a', { unlisted: true }));
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    expect(names.of(container('a', { unlisted: true }))).toBeNull();
    expect(names.of(container('a'))).toEqual(WEB);
  });

  it('are not pushed out by groups that a user makes', async () => {
    const known = new Map([['a', WEB]]);
    const names = new ContainerNames(() => [async (id) => known.get(id) ?? null], 100);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    known.clear();
    for (let i = 0; i < 2000; i++) names.of(container(`mine-${i}`, { unlisted: true }));
    expect(names.of(container('a'))).toEqual(WEB);
  });

  it('are bounded, and looked for one after the other', async () => {
    let running = 0;
    let most = 0;
    const slow = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      return WEB;
    };
    const names = new ContainerNames(() => [slow], 100);
    for (let i = 0; i < 200; i++) names.of(container(String(i)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(most).toBe(1);
    expect(names.of(container('199'))).toEqual(WEB);
    expect(names.evicted).toBe(100);
    expect(names.of(container('0'))).toBeNull();
    expect(names.evicted).toBe(101);
  });

  it('wait once to be looked for, however long the files of others take, which keep no other runtime’s from being read', async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const slow = (id: string) =>
      new Promise<typeof WEB>((resolve) => {
        asked.push(id);
        answers.push(() => resolve(WEB));
      });
    const names = new ContainerNames((runtime) => [runtime === 'podman' ? slow : async () => WEB]);
    for (let i = 0; i < 5; i++) for (const id of ['a', 'b']) names.of(container(id, { runtime: 'podman' }));
    names.of(container('c'));
    await vi.advanceTimersByTimeAsync(0);
    expect([asked, names.of(container('c'))]).toEqual([['a'], WEB]);
    for (let i = 0; i < 3; i++) {
      for (const answer of answers.splice(0)) answer();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(asked).toEqual(['a', 'b']);
  });
});

describe('a disk that does not answer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Stores of places with these names; those that are stuck answer later. */
  function stuckAt(...stuck: string[]) {
    const disk = new Disk();
    const answers: (() => void)[] = [];
    const asked: string[] = [];
    const storeOf =
      (place: string): Store =>
      (id) =>
        disk.place(place).read(() => {
          asked.push(`${place} ${id}`);
          if (!stuck.includes(place)) return Promise.resolve(WEB);
          return new Promise((resolve) => answers.push(() => resolve(WEB)));
        });
    const answer = () => {
      stuck.length = 0;
      for (const one of answers.splice(0)) one();
    };
    return { disk, asked, storeOf, answer };
  }

  it('is asked once, and again when it has answered: no name is taken for missing meanwhile', async () => {
    const { disk, asked, storeOf, answer } = stuckAt('docker');
    const names = new ContainerNames(() => [storeOf('docker')], 100, disk);
    for (const id of ['a', 'b', 'c']) names.of(container(id));
    await vi.advanceTimersByTimeAsync(120_000);
    expect([asked, disk.hung(), [...names.nameless]]).toEqual([['docker a'], ['docker'], []]);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(disk.hung()).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    for (const id of ['a', 'b', 'c']) expect(names.of(container(id))).toEqual(WEB);
  });

  it('keeps no other store from being asked, not even one of the same runtime', async () => {
    const { disk, storeOf } = stuckAt('containerd');
    const stores = [storeOf('containerd'), storeOf('docker')];
    const names = new ContainerNames(() => stores, 100, disk);
    names.of(container('a', { runtime: 'unknown' }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(names.of(container('a', { runtime: 'unknown' }))).toEqual(WEB);
  });

  it('takes three threads at most where there are more of them, and names go on with the first that answers', async () => {
    const { disk, asked, storeOf, answer } = stuckAt('docker', 'podman', 'containerd', 'machine');
    const names = new ContainerNames((runtime) => [storeOf(runtime)], 100, disk);
    const runtimes = ['docker', 'podman', 'containerd', 'machine'] as const;
    for (const runtime of runtimes) names.of(container('a', { runtime }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked.length, disk.hung().length]).toEqual([3, 3]);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    names.mayHaveChanged();
    await vi.advanceTimersByTimeAsync(5000);
    for (const runtime of runtimes) expect(names.of(container('a', { runtime }))).toEqual(WEB);
  });
});
