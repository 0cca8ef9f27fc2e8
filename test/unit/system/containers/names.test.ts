import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ContainerNames } from '../../../../src/system/containers/names.js';
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

  it('are bounded, and a few are looked for at a time', async () => {
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
    expect(most).toBe(2);
    expect(names.of(container('199'))).toEqual(WEB);
    expect(names.of(container('0'))).toBeNull();
  });

  it('wait once to be looked for, however long the files of others take', async () => {
    let asked = 0;
    const answers: (() => void)[] = [];
    const stuck = () => new Promise<typeof WEB>((resolve) => answers.push(() => resolve(WEB)));
    const counting = async () => {
      asked++;
      return WEB;
    };
    const names = new ContainerNames((runtime) => [runtime === 'podman' ? stuck : counting]);
    names.of(container('a'));
    await vi.advanceTimersByTimeAsync(0);
    for (let i = 0; i < 2; i++) names.of(container(`stuck-${i}`, { runtime: 'podman' }));
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(11_000);
      names.of(container('a'));
    }
    expect(asked).toBe(1);
    for (const answer of answers) answer();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
  });
});
