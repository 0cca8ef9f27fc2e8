import { describe, expect, it } from 'vitest';
import { DEAD_PER_PROGRAM } from '../../../../src/aggregate/ingest/dead-processes.js';
import { FLAG, PROCESS_FLAG } from '../../../../src/decode/layout.js';
import type { FlowRow } from '../../../../src/protocol/rows.js';
import { announced, closed, established, exited, outbound, World } from '../../../support/aggregate-world.js';

const LOOP = { comm: 'bash', exe: '/bin/bash', cmdline: ['bash', 'loop.sh'] };

/** Process `id` opens a connection to `port`, closes it and exits. */
function shortLife(
  world: World,
  id: number,
  more: { parent?: number; port?: number; comm?: string } = {},
): void {
  const { parent = 1, port = 80, comm = 'curl' } = more;
  const one = outbound({ cookie: id, owner: id, port });
  world.feed(
    announced(id, { parent, ppid: 899 + parent, comm, exe: `/usr/bin/${comm}` }),
    established(one),
    exited(id),
  );
  world.feed(closed(one, { bytes_sent: 10, flags: FLAG.OPEN_SENT | FLAG.CLOSED_FIRST }));
}

const programRows = (world: World): FlowRow[] => world.flows().filter(({ process }) => process.pid === null);

describe('dead processes', () => {
  it('fold into their program when it has more of them than people can read, with exact counts', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    for (let id = 2; id <= 1001; id++) {
      shortLife(world, id);
      if (id % 100 === 0) world.settle();
    }
    world.settle();
    expect(world.flows()).toHaveLength(DEAD_PER_PROGRAM + 1);
    expect(programRows(world)).toMatchObject([
      {
        program: 'curl (loop.sh)',
        destination: { address: '10.0.0.9', port: 80 },
        opened: 1000 - DEAD_PER_PROGRAM,
        closed: 1000 - DEAD_PER_PROGRAM,
        closedFirst: 1000 - DEAD_PER_PROGRAM,
        bytesSent: 10 * (1000 - DEAD_PER_PROGRAM),
        process: {
          pid: null,
          comm: 'curl',
          exe: '/usr/bin/curl',
          parent: { pid: 900, comm: 'bash' },
          exited: true,
        },
      },
    ]);
    expect(world.sums()).toEqual({ opened: 1000, closed: 1000, failed: 0 });
  });

  it('without rows do not wait for ever when the clock is set back', () => {
    const world = new World();
    world.feed(announced(1, LOOP), announced(2, { parent: 1, comm: 'true' }), exited(2));
    const process = world.aggregator.processes.find(2);
    world.settle();
    expect(process?.rolledUp).toBe(false);
    world.aggregator.dead.settle(world.now - 86_400_000);
    expect(process?.rolledUp).toBe(true);
  });

  it('of different parents with the same name are told without the parent’s pid', () => {
    const world = new World();
    world.feed(announced(1, LOOP), announced(2, LOOP));
    for (let id = 3; id <= 300; id++) shortLife(world, id, { parent: 1 + (id % 2) });
    world.settle();
    expect(programRows(world)).toMatchObject([
      { process: { ppid: null, parent: { pid: null, comm: 'bash' } } },
    ]);
  });

  it('are listed in the row that has their counts: the latest, and how many there were before', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    for (let id = 2; id <= 101; id++) shortLife(world, id);
    world.settle();
    const ended = 100 - DEAD_PER_PROGRAM;
    const latest = Array.from({ length: 16 }, (_, at) => 1001 + ended - 15 + at);
    expect(programRows(world).map(({ pids }) => pids)).toEqual([{ listed: latest, more: ended - 16 }]);
    for (const row of world.flows()) if (row.process.pid !== null) expect(row.pids).toBeNull();
  });

  it('keep the latest, not the first', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    for (let id = 2; id <= 201; id++) shortLife(world, id);
    world.settle();
    const pids = world.flows().flatMap(({ process }) => process.pid ?? []);
    expect(Math.min(...pids)).toBe(1201 - DEAD_PER_PROGRAM + 1);
  });

  it('fold by program and destination: another parent, another exe, another port are other rows', () => {
    const world = new World();
    world.feed(announced(1, LOOP), announced(2, { ...LOOP, cmdline: ['bash', 'other.sh'] }));
    const kinds = [{}, { parent: 2 }, { comm: 'wget' }, { port: 443 }];
    for (let n = 0; n < 4 * 200; n++) shortLife(world, 10 + n, kinds[n % 4]);
    world.settle();
    const names = programRows(world).map(({ program, destination }) => `${program} ${destination.port}`);
    expect(names.sort()).toEqual([
      'curl (loop.sh) 443',
      'curl (loop.sh) 80',
      'curl (other.sh) 80',
      'wget (loop.sh) 80',
    ]);
    expect(world.sums()).toEqual({ opened: 800, closed: 800, failed: 0 });
  });

  it('fold ten minutes after the last sign of them', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    shortLife(world, 2);
    world.settle();
    world.pass(599_000);
    world.settle();
    expect(world.flow(80).process.pid).toBe(1002);
    world.pass(2000);
    world.settle();
    expect(world.flow(80)).toMatchObject({ process: { pid: null, comm: 'curl' }, opened: 1, closed: 1 });
  });

  it('fold in time although an older one of another program is still kept', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    shortLife(world, 2, { comm: 'wget', port: 21 });
    world.settle();
    const late = outbound({ cookie: 5000, owner: 2, port: 21 });
    shortLife(world, 3);
    world.settle();
    world.pass(400_000);
    world.feed(established(late));
    world.pass(300_000);
    world.settle();
    expect(world.flow(80).process.pid).toBeNull();
  });

  it('count for their program what comes after they were folded', () => {
    const world = new World();
    world.feed(announced(1, LOOP), announced(2, { parent: 1 }));
    world.feed(established(outbound({ cookie: 2, owner: 2 })), exited(2));
    world.settle();
    world.pass(601_000);
    world.settle();
    expect(world.flow(5432)).toMatchObject({ process: { pid: null }, established: 1 });
    world.feed(closed(outbound({ cookie: 2, owner: 2 })));
    world.feed(closed(outbound({ cookie: 3, owner: 2, flags: FLAG.OPEN_OVERFLOWED })));
    world.applyFolds();
    expect(world.flow(5432)).toMatchObject({ process: { pid: null }, established: 0, closed: 2 });
  });

  it('wait for the name of their program while /proc is still being read', () => {
    const world = new World();
    const parent = { comm: 'bash', exe: '/bin/bash', cmdline: [], flags: PROCESS_FLAG.AS_PARENT };
    world.feed(announced(1, parent));
    for (let id = 2; id <= 200; id++) shortLife(world, id);
    world.settle();
    expect(programRows(world)).toEqual([]);
    const [shell] = world.aggregator.processes.takeWanted();
    const facts = { startTicks: 1, ppid: 1, parent: null, comm: 'bash', exe: '/bin/bash', exeDeleted: false };
    const args = { head: ['bash', 'late.sh'], tail: null };
    const more = { pid: 1001, args, uid: 0, cgroup: null };
    world.aggregator.complete(shell!, { ...facts, ...more });
    world.settle();
    expect(programRows(world).map(({ program }) => program)).toEqual(['curl (late.sh)']);
  });

  it('wait for that no longer than half a minute, from when they are first seen', () => {
    const world = new World();
    world.feed(announced(1, { comm: 'bash', exe: '/bin/bash', cmdline: [], flags: PROCESS_FLAG.AS_PARENT }));
    for (let id = 2; id <= 200; id++) shortLife(world, id);
    /* A service that had no processor meanwhile learns of all this later, and then it has asked for nothing yet. */
    world.pass(60_000);
    world.settle();
    expect(programRows(world)).toEqual([]);
    world.pass(29_999);
    world.settle();
    expect(programRows(world)).toEqual([]);
    world.pass(2);
    world.settle();
    expect(programRows(world).map(({ program }) => program)).toEqual(['curl (bash)']);
  });

  it('that get their first row after their exit fold all the same', () => {
    const world = new World();
    world.feed(announced(1, LOOP), announced(2, { parent: 1 }), exited(2));
    world.settle();
    world.feed(closed(outbound({ cookie: 2, owner: 2 })));
    world.settle();
    world.pass(601_000);
    world.settle();
    expect(world.flow(5432)).toMatchObject({ process: { pid: null, comm: 'curl' }, closed: 1 });
  });

  it('tell publish which rows are gone, each once, and which has their counts', () => {
    const world = new World();
    world.feed(announced(1, LOOP));
    for (let id = 2; id <= 101; id++) shortLife(world, id);
    const keys = world.flows().map(({ key }) => key);
    world.settle();
    const gone = world.aggregator.flows.takeGone();
    expect(new Set(gone).size).toBe(100 - DEAD_PER_PROGRAM);
    expect(keys).toEqual(expect.arrayContaining(gone));
    const set = world.aggregator.flows.takeDirty().map(({ key }) => key);
    expect(set).toContain(programRows(world)[0]?.key);
    expect(set.filter((key) => gone.includes(key))).toEqual([]);
  });

  it('leave their durations to their program, and no histogram is lost', () => {
    const world = new World({ durationWindows: 200 });
    world.feed(announced(1, LOOP));
    for (let id = 2; id <= 1001; id++) {
      shortLife(world, id);
      world.settle();
    }
    expect(programRows(world)[0]?.lifetimeMs.p50).not.toBeNull();
    shortLife(world, 2000, { port: 81 });
    expect(world.flow(81).lifetimeMs.p50).not.toBeNull();
  });

  it('are not kept in memory beyond what rows need', () => {
    const world = new World({ processes: 100 });
    world.feed(announced(1, LOOP));
    shortLife(world, 2, { comm: 'old' });
    for (let id = 3; id <= 2000; id++) shortLife(world, id);
    world.settle();
    for (let id = 2001; id <= 2100; id++) shortLife(world, id);
    expect(world.aggregator.processes.size).toBeLessThan(100 + 10 + DEAD_PER_PROGRAM);
  });
});
