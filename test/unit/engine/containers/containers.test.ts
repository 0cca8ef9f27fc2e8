/** Why containers have no names is said once in the log, and in the notices for as long as it is so. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Containers } from '../../../../src/engine/containers/containers.js';
import type { Places } from '../../../../src/system/containers/stores.js';
import type { HostsTrouble } from '../../../../src/system/destinations/container-hosts.js';
import type { ContainerPath, Runtime } from '../../../../src/system/parse/container.js';
import { testScope } from '../../../support/scope.js';

const ID = '3f9c'.repeat(16);
const NONE: Places = { docker: [], containerd: [], podman: [] };
const pathOf = (runtime: Runtime, name: string | null = null): ContainerPath => ({
  runtime,
  id: ID,
  name,
  podUid: null,
  unlisted: false,
});

/** On a machine that is busy otherwise. */
const FILES_WITHIN_MS = 30_000;

function reported(places: Partial<Places>, uid = 0) {
  const lines: unknown[] = [];
  const log = { warn: (about: object, what: string) => lines.push({ ...about, what }) };
  const containers = new Containers({ containerPlaces: { ...NONE, ...places } }, log as never, null, uid);
  const tick = () => containers.tick({ touchRenamed: () => {} });
  return { containers, lines, tick };
}

describe('a container without a name', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** All tries are over, and why has been looked into: files are read outside of the clock that the test has. */
  async function triedToTheLast(containers: Containers, tick: () => void, isSaid = true): Promise<void> {
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1000);
      expect(containers.names.nameless.size).toBe(1);
    }, FILES_WITHIN_MS);
    await vi.waitFor(() => {
      tick();
      if (isSaid) expect(containers.problems()).toHaveLength(1);
      else expect(containers.names.nameless.size).toBe(0);
    }, FILES_WITHIN_MS);
  }

  it.each<[Runtime, string]>([
    ['docker', 'Containers of Docker are shown by their ids, not by their names.'],
    ['cri-o', 'Containers of CRI-O are shown by their ids, not by their names.'],
  ])('of %s is said why, once', async (runtime, what) => {
    const place = join(testScope().directory(), 'none');
    const { containers, lines, tick } = reported({ docker: [place] });
    tick();
    expect(containers.problems()).toEqual([]);
    containers.names.of(pathOf(runtime));
    await triedToTheLast(containers, tick);
    for (let i = 0; i < 3; i++) tick();
    expect(lines).toMatchObject([{ what }]);
    expect(containers.problems()).toMatchObject([{ what }]);
  });

  it('is said no more when one has a name again', async () => {
    const place = testScope().directory();
    // Root may read every directory: this is none.
    writeFileSync(join(place, 'containers'), '');
    const { containers, lines, tick } = reported({ docker: [place] }, 1000);
    containers.names.of(pathOf('docker'));
    await triedToTheLast(containers, tick);
    tick();
    const why = `${join(place, 'containers')} cannot be read (ENOTDIR).`;
    expect(lines).toMatchObject([{ why, fix: 'sudo portchurn serve' }]);
    containers.names.nameless.delete('docker');
    tick();
    expect(containers.problems()).toEqual([]);
  });

  it('is no problem where others of its runtime can be named', async () => {
    const place = testScope().directory();
    mkdirSync(join(place, 'containers'));
    const { containers, lines, tick } = reported({ docker: [place] });
    containers.names.of(pathOf('docker'));
    await triedToTheLast(containers, tick, false);
    tick();
    expect([lines, containers.problems()]).toEqual([[], []]);
  });

  it('names that a full table has lost are counted, and said once', () => {
    const { containers, lines, tick } = reported({});
    for (let i = 0; i < 10_000; i++) containers.names.of({ ...pathOf('cri-o', 'named'), id: String(i) });
    tick();
    expect([containers.evicted, containers.problems()]).toEqual([0, []]);
    for (let i = 0; i < 3; i++) containers.names.of({ ...pathOf('cri-o', 'named'), id: `more-${i}` });
    for (let i = 0; i < 2; i++) tick();
    const what = 'Some containers may be shown by their ids: 3 names have found no room beside newer ones.';
    expect([containers.evicted, containers.problems()]).toMatchObject([3, [{ what }]]);
    expect(lines).toMatchObject([{ what }]);
  });
});

it('a socket that cannot be asked is said once, with the rights that it needs and what they mean', async () => {
  const path = join(testScope().directory(), 'none');
  const lines: unknown[] = [];
  const log = { warn: (about: object, what: string) => lines.push({ ...about, what }) };
  const options = { containerPlaces: NONE, containerSockets: [path] };
  const containers = new Containers(options, log as never);
  await vi.waitFor(() => {
    containers.tick({ touchRenamed: () => {} });
    expect(containers.problems()).toMatchObject([{ why: 'There is no such file.' }]);
  }, FILES_WITHIN_MS);
  containers.tick({ touchRenamed: () => {} });
  containers.stop();
  expect(lines).toMatchObject([{ what: `What the socket ${path} knows of containers is not shown.` }]);
});

it('a hosts file that does not answer is said of its container, once, and of no more containers than a log bears', () => {
  const lines: { what: string }[] = [];
  const log = { warn: (_: object, what: string) => lines.push({ what }) };
  const trouble: { -readonly [Key in keyof HostsTrouble]: HostsTrouble[Key] } = {
    silent: [`/docker/${ID}`, '/lxc.payload.db'],
    unread: [],
    isFull: false,
  };
  const containers = new Containers({ containerPlaces: NONE }, log as never, { trouble: () => trouble });
  const tick = () => containers.tick({ touchRenamed: () => {} });
  const whats = () => containers.problems().map(({ what }) => what);
  const of = (name: string) => `Container ${name} has no names of its own for addresses that it connects to.`;
  for (let i = 0; i < 3; i++) tick();
  expect(whats()).toEqual([of('3f9c3f9c3f9c'), of('db')]);
  expect(lines.map(({ what }) => what)).toEqual(whats());

  trouble.silent = Array.from({ length: 6 }, (_, n) => `/lxc.payload.more-${n}`);
  trouble.unread = ['/lxc.payload.a', '/lxc.payload.b'];
  trouble.isFull = true;
  tick();
  expect(whats()).toEqual([
    ...[0, 1, 2, 3].map((n) => of(`more-${n}`)),
    '2 more containers of which each has no names of its own for addresses that it connects to.',
    '2 containers of which each may have no names of its own for addresses that it connects to, or old ones.',
    'Of some containers each has no names of its own for addresses that it connects to: hosts files of others have all places.',
  ]);
  for (let n = 0; n < 400; n++) {
    trouble.silent = [`/lxc.payload.storm-${n}`];
    tick();
  }
  expect(lines).toHaveLength(256);
  trouble.silent = [];
  trouble.unread = [];
  trouble.isFull = false;
  tick();
  expect(whats()).toEqual([]);
});
