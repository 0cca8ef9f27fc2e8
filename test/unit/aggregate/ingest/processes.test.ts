import { describe, expect, it } from 'vitest';
import { DIRECTION, FLAG, PROCESS_FLAG } from '../../../../src/decode/layout.js';
import type { ProcFacts } from '../../../../src/system/parse/process.js';
import {
  announced,
  closed,
  established,
  eventOf,
  exited,
  inbound,
  outbound,
  SELF_PID,
  World,
} from '../../../support/aggregate-world.js';

const FACTS: ProcFacts = {
  pid: 1001,
  startTicks: 100,
  ppid: 900,
  parent: { pid: 900, startTicks: 1, comm: 'bash' },
  comm: 'curl',
  exe: '/usr/bin/curl',
  exeDeleted: false,
  args: { head: ['curl', 'http://db/'], tail: null },
  uid: 1000,
  cgroup: '/user.slice',
};

describe('a process', () => {
  it('is named by its announcement alone', () => {
    const world = new World();
    world.feed(announced(1, { uid: 33, cgroup_id: 7 }), established(outbound()));
    expect(world.flow(5432)).toMatchObject({
      program: 'curl (bash)',
      process: {
        pid: 1001,
        ppid: 900,
        parent: { pid: 900, comm: 'bash' },
        comm: 'curl',
        exe: '/usr/bin/curl',
        cmdline: 'curl http://db/',
        uid: 33,
        cgroup: '/group-7',
        unit: 'group-7.service',
        exited: false,
        self: false,
      },
    });
    expect(world.aggregator.processes.takeWanted()).toEqual([]);
  });

  it('in the root of the kernel’s hierarchy is where /proc says, which may know another hierarchy', () => {
    const world = new World({}, { cgroupPath: (id) => (id === 1n ? '/' : '/docker/3f9c') });
    const cgroupOf = (id: number, cgroup_id: bigint) => {
      world.feed(announced(id, { cgroup_id }), established(outbound({ cookie: id, owner: id })));
      const process = world.aggregator.processes.find(id);
      if (process !== null) world.aggregator.processes.complete(process, FACTS);
      return process?.info().cgroup;
    };
    expect([cgroupOf(1, 1n), cgroupOf(2, 2n)]).toEqual(['/user.slice', '/docker/3f9c']);
  });

  it('is marked as ourselves when it is', () => {
    const world = new World();
    world.feed(announced(1, { tgid: SELF_PID }), established(outbound()));
    expect(world.flow(5432).process.self).toBe(true);
  });

  it('that only forked is named by the program its parent runs', () => {
    const world = new World();
    const flags = PROCESS_FLAG.FORKED | PROCESS_FLAG.NO_MM;
    const master = { comm: 'nginx', exe: '/usr/sbin/nginx', cmdline: ['nginx', '-g', 'x'] };
    world.feed(announced(1, master), announced(2, { ...master, exe: '', cmdline: [], parent: 1, flags }));
    world.feed(established(outbound({ owner: 2 })));
    expect(world.flow(5432).process).toMatchObject({
      comm: 'nginx',
      exe: '/usr/sbin/nginx',
      cmdline: 'nginx -g x',
    });
  });

  it('takes another name by exec, and keeps its row', () => {
    const world = new World();
    world.feed(announced(1, { comm: 'sh', exe: '/bin/dash', cmdline: ['sh', '-c', 'exec curl'] }));
    world.feed(established(outbound()));
    const { key } = world.flow(5432);
    world.aggregator.flows.takeDirty();
    world.feed(announced(1));
    expect(world.aggregator.flows.takeDirty().map((flow) => flow.key)).toEqual([key]);
    expect(world.flow(5432)).toMatchObject({ key, process: { comm: 'curl', cmdline: 'curl http://db/' } });
  });

  it('has no left-over of its earlier program when exec hides the new command line', () => {
    const world = new World();
    world.feed(announced(1, { comm: 'sh', exe: '/bin/dash', cmdline: ['sh', 'loop.sh'] }));
    world.feed(established(outbound()), announced(1, { cmdline: [] }));
    expect(world.flow(5432).process).toMatchObject({ comm: 'curl', exe: '/usr/bin/curl', cmdline: null });
    expect(world.flow(5432).program).toBe('curl (bash)');
    expect(world.aggregator.processes.takeWanted()).toHaveLength(1);
  });

  it('is completed by /proc where the kernel could not read it, and never overwritten', () => {
    const world = new World();
    world.feed(announced(1, { cmdline: [], uid: 5 }), established(outbound()));
    const [process] = world.aggregator.processes.takeWanted();
    world.aggregator.processes.complete(process!, { ...FACTS, comm: 'other', exe: '/other', uid: 6 });
    expect(world.flow(5432).process).toMatchObject({
      comm: 'curl',
      exe: '/usr/bin/curl',
      uid: 5,
      cmdline: 'curl http://db/',
    });
  });

  it('keeps what it has when /proc no longer knows it', () => {
    const world = new World();
    world.feed(announced(1, { cmdline: [] }), established(outbound()));
    const [process] = world.aggregator.processes.takeWanted();
    world.aggregator.processes.complete(process!, null);
    expect(world.flow(5432).process).toMatchObject({ comm: 'curl', exe: '/usr/bin/curl', cmdline: null });
  });

  it('whose announcement was lost is known by pid, then by /proc, then by its late announcement', () => {
    const world = new World();
    world.feed(established(outbound()));
    expect(world.flow(5432).process).toMatchObject({ pid: 1001, comm: null, exe: null, exited: false });
    const [process] = world.aggregator.processes.takeWanted();
    world.aggregator.processes.complete(process!, FACTS);
    expect(world.flow(5432)).toMatchObject({ program: 'curl (bash)', process: { comm: 'curl', uid: 1000 } });
    const { key } = world.flow(5432);
    world.feed(announced(1, { comm: 'late' }));
    expect(world.flow(5432)).toMatchObject({ key, process: { comm: 'late' } });
  });

  it('whom the kernel could give no id is nobody, never somebody else', () => {
    const world = new World();
    const by = (cookie: number, tgid: number) =>
      world.feed(
        closed(outbound({ cookie, owner: 0 }), { owner: 0, owner_tgid: tgid, flags: FLAG.OPEN_SENT }),
      );
    by(1, 51);
    by(2, 52);
    const owners = world.flows().map(({ process, closed: count }) => [process.pid, count]);
    expect(owners).not.toContainEqual([51, 2]);
  });

  it('shows its exit on every row', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()), established(outbound({ cookie: 2, port: 6 })));
    world.aggregator.flows.takeDirty();
    world.feed(exited(1));
    expect(world.aggregator.flows.takeDirty()).toHaveLength(2);
    expect(world.flows().map(({ process }) => process.exited)).toEqual([true, true]);
  });

  it('first seen while it exits has exited: no event will say so later', () => {
    const world = new World();
    const child = { comm: 'child', exe: '', cmdline: [], flags: PROCESS_FLAG.NO_MM };
    world.feed(announced(1), established(outbound()), announced(2, child));
    world.feed(
      closed(outbound({ flags: FLAG.PREEXISTING, owner: 0, cookie: 9, port: 7 }), {
        closer: 2,
        closer_tgid: 1002,
      }),
    );
    expect(world.flow(7).process).toMatchObject({ pid: 1002, exited: true });
  });

  it('hides its arguments where that is wanted', () => {
    const world = new World({}, { redact: true });
    world.feed(announced(1), established(outbound()));
    expect(world.flow(5432).process.cmdline).toBe('curl …');
  });

  it.each<[readonly string[], string]>([
    [['/usr/bin/curl', '-u', 'me:secret'], 'curl …'],
    [['postgres: me secretdb 10.0.0.5(4711)'], 'curl …'],
    [['curl secret'], 'curl …'],
    [['password=secret'], 'curl'],
    [['password=secret', '-s'], 'curl …'],
    [['/secret/curl'], 'curl'],
  ])('hides them in %j', (cmdline, shown) => {
    const world = new World({}, { redact: true });
    world.feed(announced(1, { cmdline }), established(outbound()));
    const row = world.flow(5432);
    expect(row.process.cmdline).toBe(shown);
    expect(JSON.stringify(row)).not.toContain('secret');
  });

  it('hides the script that names a program too, its parent’s as well', () => {
    const world = new World({}, { redact: true });
    const script = { exe: '/usr/bin/bash', comm: 'bash', cmdline: ['bash', '/home/me/secret.sh'] };
    world.feed(announced(2, script), announced(1, { parent: 2, ppid: 1002 }), established(outbound()));
    world.feed(established(outbound({ cookie: 2, owner: 2, port: 6 })));
    expect(world.flow(6).program).toBe('bash #1');
    expect(world.flow(5432)).toMatchObject({
      program: 'curl (bash #1)',
      process: { parent: { comm: 'bash' } },
    });
    expect(JSON.stringify(world.flows())).not.toContain('secret');
  });

  it('without arguments has nothing to hide', () => {
    const world = new World({}, { redact: true });
    world.feed(announced(1, { cmdline: ['curl'] }), established(outbound()));
    expect(world.flow(5432).process.cmdline).toBe('curl');
  });
});

describe('the table of processes', () => {
  it('forgets the oldest that exited and have no row, never one that has', () => {
    const world = new World({ processes: 10 });
    world.feed(announced(1), established(outbound()), exited(1));
    for (let id = 2; id <= 100; id++) world.feed(announced(id), exited(id));
    expect(world.aggregator.processes.size).toBeLessThanOrEqual(11);
    expect(world.flow(5432).process.comm).toBe('curl');
    expect(world.aggregator.processes.find(1)).not.toBeNull();
    expect(world.aggregator.processes.find(2)).toBeNull();
  });

  it('does not grow with processes that are only ever seen exiting', () => {
    const world = new World({ processes: 10 });
    for (let id = 1; id <= 100; id++)
      world.feed(announced(id, { flags: PROCESS_FLAG.NO_MM, exe: '', cmdline: [] }));
    expect(world.aggregator.processes.size).toBeLessThanOrEqual(10);
  });
});

describe('the observer', () => {
  it('sees every event once, with owner and closer', () => {
    const world = new World();
    const seen: unknown[] = [];
    world.aggregator.observer = (event, owner, closer, unixMs) =>
      seen.push([event.type, owner.pid, closer?.pid ?? null, Math.round(unixMs)]);
    world.feed(announced(1), announced(2));
    const start = Math.round(world.now);
    world.feed(established(outbound()), closed(outbound(), { closer: 2, closer_tgid: 1002 }));
    expect(seen).toEqual([
      [4, 1001, null, start + 1],
      [7, 1001, 1002, start + 2],
    ]);
  });

  it('sees transitions with the acceptor of the connection, not its listener', () => {
    const world = new World();
    const owners: (number | null)[] = [];
    world.feed(announced(1), announced(2), eventOf(inbound({ owner: 2 }), 5, { newstate: 1 }));
    world.aggregator.observer = (_event, owner) => owners.push(owner.pid);
    world.feed(eventOf(inbound({ owner: 1 }), 9, { direction: DIRECTION.IN, flags: FLAG.OWNER_IS_LISTENER }));
    expect(owners).toEqual([1002]);
  });
});
