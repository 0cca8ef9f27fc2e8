import { describe, expect, it } from 'vitest';
import { DEAD_PER_PROGRAM } from '../../../../src/aggregate/ingest/dead-processes.js';
import type { FlowRow } from '../../../../src/protocol/rows.js';
import type { ContainerFacts } from '../../../../src/system/parse/container.js';
import { announced, closed, established, exited, outbound, World } from '../../../support/aggregate-world.js';

const PYTHON = { exe: '/usr/bin/python3.11', comm: 'python3', parent: 1 };

const python = (id: number, ...words: string[]) =>
  announced(id, { ...PYTHON, cmdline: ['python3', ...words] });

/** So many processes with these arguments, each of which opens one connection to `port`, and ends. */
function runs(world: World, first: number, count: number, port: number, words: readonly string[]): void {
  for (let id = first; id < first + count; id++) {
    const one = outbound({ cookie: id, owner: id, port });
    world.feed(python(id, ...words), established(one), exited(id), closed(one));
  }
  world.settle();
}

const rolledUp = (world: World): FlowRow[] => world.flows().filter(({ process }) => process.pid === null);
const counts = (rows: readonly FlowRow[]) =>
  rows.map(({ process, program, opened }) => [process.name, program, opened]).sort();
const MANY = 100;
const LEFT = MANY - DEAD_PER_PROGRAM;

describe('a program', () => {
  it('is named after the program that started it, too', () => {
    const world = new World();
    world.feed(announced(1, { comm: 'bash', exe: '/bin/bash', cmdline: ['bash', 'loop.sh'] }));
    world.feed(announced(2, { parent: 1 }), established(outbound({ owner: 2 })));
    expect(world.flow(5432).program).toBe('curl (loop.sh)');
  });

  it('falls back to the parent’s comm, then to nothing', () => {
    const world = new World();
    world.feed(announced(1, { parent_comm: 'cron' }), established(outbound()));
    world.feed(announced(2, { parent_comm: '' }), established(outbound({ cookie: 2, owner: 2, port: 7 })));
    expect(world.flow(5432).program).toBe('curl (cron)');
    expect(world.flow(7).program).toBe('curl');
  });

  it('keeps the name of a parent that was forgotten, and shows its comm', () => {
    const world = new World({ processes: 5 });
    world.feed(announced(1, { comm: 'bash', exe: '/bin/bash', cmdline: ['bash', 'loop.sh'] }));
    world.feed(announced(2, { parent: 1 }), established(outbound({ owner: 2 })), exited(1));
    for (let id = 10; id < 20; id++) world.feed(announced(id), exited(id));
    expect(world.aggregator.processes.find(1)).toBeNull();
    expect(world.flow(5432)).toMatchObject({
      program: 'curl (loop.sh)',
      process: { parent: { comm: 'bash' } },
    });
  });
});

describe('dead processes of one interpreter under one parent', () => {
  const LOOP = announced(1, { comm: 'bash', exe: '/bin/bash', cmdline: ['bash', 'jobs.sh'] });

  it.each<[string, string[], string, string[], string]>([
    ['scripts', ['/opt/checkout.py'], 'checkout.py', ['/opt/analytics.py'], 'analytics.py'],
    ['modules', ['-m', 'orders'], 'orders', ['-m', 'stock'], 'stock'],
    ['a module and a file', ['-m', 'orders'], 'orders', ['/opt/orders'], 'orders'],
    ['a script and none', ['/opt/checkout.py'], 'checkout.py', ['-c', 'pass'], 'python3 -c #1'],
    ['programs that are arguments', ['-c', 'import a'], 'python3 -c #1', ['-c', 'import b'], 'python3 -c #2'],
    ['scripts of one name', ['/a/main.py'], 'main.py', ['/b/main.py'], 'main.py'],
  ])('fold by their script: %s', (_, one, oneName, other, otherName) => {
    const world = new World();
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, one);
    runs(world, 2000, 2 * MANY, 80, other);
    expect(counts(rolledUp(world))).toEqual(
      [
        [oneName, `${oneName} (jobs.sh)`, LEFT],
        [otherName, `${otherName} (jobs.sh)`, LEFT + MANY],
      ].sort(),
    );
  });

  it('are numbered where arguments are hidden, and fold by what is hidden', () => {
    const world = new World({}, { redact: true });
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, ['/opt/checkout.py']);
    runs(world, 2000, 2 * MANY, 80, ['/opt/analytics.py']);
    expect(counts(rolledUp(world))).toEqual([
      ['python3 #1', 'python3 #1 (bash #1)', LEFT],
      ['python3 #2', 'python3 #2 (bash #1)', LEFT + MANY],
    ]);
    expect(JSON.stringify(world.flows())).not.toMatch(/checkout|analytics|jobs/);
  });

  it('show their control group, also when it is named after the first of them has ended', () => {
    let isScanned = false;
    const world = new World({}, { cgroupPath: () => (isScanned ? '/jobs.service' : null) });
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([{ process: { cgroup: null } }]);
    isScanned = true;
    runs(world, 2000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([{ process: { cgroup: '/jobs.service' } }]);
  });

  it('show their container, and no unit of it', () => {
    const container = {
      runtime: 'docker',
      id: '3f9c'.repeat(16),
      name: null,
      podUid: null,
      unlisted: false,
    } as const;
    const world = new World(
      {},
      { cgroupPath: () => '/docker/3f9c', partOf: () => ({ container, unit: null }) },
    );
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([{ process: { container: '3f9c3f9c3f9c', unit: null } }]);
  });

  it('show image, pod and workload as soon as they are known', () => {
    const path = {
      runtime: 'containerd',
      id: '3f9c'.repeat(16),
      name: null,
      podUid: null,
      unlisted: false,
    } as const;
    let facts: ContainerFacts | null = null;
    const world = new World(
      {},
      {
        cgroupPath: () => '/kubepods/3f9c',
        partOf: () => ({ container: path, unit: null }),
        containerFacts: () => facts,
      },
    );
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([{ process: { container: '3f9c3f9c3f9c', workload: null } }]);
    facts = { name: 'app', image: 'shop:1', pod: 'prod/db-0', workload: 'prod/db' };
    runs(world, 2000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([
      {
        process: {
          container: 'app',
          image: 'shop:1',
          pod: 'prod/db-0',
          workload: 'prod/db',
          workloadGuessed: true,
        },
      },
    ]);
  });

  it('show another name of their container, also when nothing happens any more', () => {
    const container = { runtime: 'docker', id: '3f9c', name: null, podUid: null, unlisted: false } as const;
    let name = 'orders';
    const known = new Map<string, ContainerFacts>();
    const containerFacts = () => {
      const facts = known.get(name) ?? { name, image: 'shop:1', pod: null, workload: null };
      known.set(name, facts);
      return facts;
    };
    const world = new World(
      {},
      { cgroupPath: () => '/docker/3f9c', partOf: () => ({ container, unit: null }), containerFacts },
    );
    world.feed(LOOP);
    runs(world, 1000, MANY, 80, ['/opt/checkout.py']);
    expect(rolledUp(world)).toMatchObject([{ process: { container: 'orders' } }]);
    const changed = () => world.aggregator.flows.takeDirty().map(({ owner }) => owner.info().container);
    changed();
    world.aggregator.touchRenamed();
    expect(changed()).toEqual([]);
    name = 'orders-old';
    world.aggregator.touchRenamed();
    expect(new Set(changed())).toEqual(new Set(['orders-old']));
  });

  it('show of what may differ only what is the same', () => {
    const world = new World();
    world.feed(LOOP);
    for (let id = 10; id < 10 + MANY; id++) {
      const one = outbound({ cookie: id, owner: id });
      const own = { ...PYTHON, comm: `job-${id % 2}`, uid: id % 2, cmdline: ['python3', 'a.py'] };
      world.feed(announced(id, own), established(one), exited(id), closed(one));
    }
    world.settle();
    expect(rolledUp(world)).toMatchObject([
      { process: { name: 'a.py', interpreter: 'python3', script: 'a.py', comm: null, uid: null } },
    ]);
  });
});

describe('where arguments are hidden, comm', () => {
  const shown = (comm: string, exe: string, cmdline: readonly string[]) => {
    const world = new World({}, { redact: true });
    world.feed(announced(1, { comm, exe, cmdline, parent_comm: 'secret.sh' }), established(outbound()));
    const { process } = world.flow(5432);
    expect(JSON.stringify(world.flows())).not.toContain('secret');
    return [process.name, process.comm, process.parent.comm];
  };

  it.each<[string, string, string[], string, string]>([
    ['nginx', '/usr/sbin/nginx', ['nginx: master process'], 'nginx', 'nginx'],
    ['secret.py', '/usr/bin/python3.11', ['/usr/bin/python3', './secret.py'], 'python3 #1', 'python3'],
    ['secret.sh', '/bin/dash', [], 'dash', 'dash'],
    ['secret', '/opt/worker', ['/opt/worker'], 'worker', 'worker'],
    ['redis-server', '/usr/bin/redis-check-rdb', ['redis-server'], 'redis-server', 'redis-server'],
    ['sleep', '/usr/bin/sleep', ['password=secret'], 'sleep', 'sleep'],
    ['a-long-link-nam', '/usr/bin/x', ['a-long-link-nam=secret'], 'a-long-link-nam', 'a-long-link-nam'],
  ])('%s of %s %j is no script’s name', (comm, exe, cmdline, name, shownComm) => {
    expect(shown(comm, exe, cmdline)).toEqual([name, shownComm, null]);
  });

  it('and argv[0] of a process whose file is not known are no name either', () => {
    const world = new World({}, { redact: true });
    const unknown = { comm: '', exe: '', flags: 0 };
    world.feed(announced(1, { ...unknown, cmdline: ['password=secret'] }), established(outbound()));
    expect(world.flow(5432).process).toMatchObject({ name: null, cmdline: null });
    expect(JSON.stringify(world.flows())).not.toContain('secret');
  });
});
