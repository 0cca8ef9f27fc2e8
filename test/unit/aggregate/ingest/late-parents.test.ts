/** The dead of one script are one program in whatever order the kernel and /proc tell of them and of their parent. */
import { describe, expect, it } from 'vitest';
import { DEAD_PER_PROGRAM } from '../../../../src/aggregate/ingest/dead-processes.js';
import { PROCESS_FLAG } from '../../../../src/decode/layout.js';
import type { ProcFacts } from '../../../../src/system/parse/process.js';
import { announced, closed, established, exited, outbound, World } from '../../../support/aggregate-world.js';

const SHELL = 1;
/** Twice as many are more than keep rows of their own. */
const MANY = DEAD_PER_PROGRAM / 2 + 2;
/** As its child announces it: its arguments can only be read from /proc. */
const SHELL_RECORD = { comm: 'bash', exe: '/bin/bash', cmdline: [], flags: PROCESS_FLAG.AS_PARENT };
const factsOf = (script: string): ProcFacts => ({
  pid: 1000 + SHELL,
  startTicks: 100,
  ppid: 1,
  parent: null,
  comm: 'bash',
  exe: '/bin/bash',
  exeDeleted: false,
  args: { head: ['bash', script], tail: null },
  uid: 0,
  cgroup: null,
});

/** @param parent as the child's announcement names it; 0: the kernel had no memory for an id */
function short(id: number, parent = SHELL, shell = SHELL): readonly Uint8Array[] {
  const one = outbound({ cookie: id, owner: id, port: 80 });
  const child = announced(id, { parent, ppid: 1000 + shell, parent_start_ns: 1e9 * shell });
  return [child, established(one), exited(id), closed(one)];
}

const BY_ID = Array.from({ length: MANY }, (_, at) => short(1000 + at)).flat();
const BY_PID = Array.from({ length: MANY }, (_, at) => short(2000 + at, 0)).flat();

function lives(world: World, records: readonly Uint8Array[]): void {
  world.feed(...records);
  world.settle();
}

function answer(world: World, facts: (pid: number | null) => ProcFacts | null): void {
  for (const process of world.aggregator.processes.takeWanted())
    world.aggregator.complete(process, facts(process.pid));
}

const shellOnly = (pid: number | null) => (pid === 1000 + SHELL ? factsOf('jobs.sh') : null);

const STEPS = {
  'the shell is announced': (world: World) => world.feed(announced(SHELL, SHELL_RECORD)),
  'it is announced again, on another processor': (world: World) => world.feed(announced(SHELL, SHELL_RECORD)),
  'children who name it by its id': (world: World) => lives(world, BY_ID),
  'children who know its pid only': (world: World) => lives(world, BY_PID),
  '/proc answers': (world: World) => answer(world, shellOnly),
  'nobody answers in time': (world: World) => {
    world.settle();
    world.pass(31_000);
    world.settle();
  },
} as const;
type Step = keyof typeof STEPS;

function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((thing) =>
    ordersOf(things.filter((other) => other !== thing)).map((order) => [thing, ...order]),
  );
}

function rolledUp(world: World) {
  const rows = world.flows().filter(({ process }) => process.pid === null);
  return rows.map(({ program, opened, closed: ended }) => [program, opened, ended]).sort();
}

function play(steps: readonly Step[], world = new World()): World {
  for (const step of steps) STEPS[step](world);
  answer(world, shellOnly);
  world.settle();
  return world;
}

describe('dead processes of one script', () => {
  const orders = ordersOf(Object.keys(STEPS) as Step[]);

  it(`are one program, whichever of ${orders.length} orders things have`, () => {
    const left = 2 * MANY - DEAD_PER_PROGRAM;
    const split = orders.filter((order) => {
      const world = play(order);
      const names = new Set(world.flows().map(({ program }) => program));
      return (
        JSON.stringify(rolledUp(world)) !== JSON.stringify([['curl (jobs.sh)', left, left]]) ||
        names.size !== 1 ||
        world.sums().opened !== 2 * MANY
      );
    });
    expect(split).toEqual([]);
  }, 60_000);

  it('are one program although they had to be rolled up before anybody answered', () => {
    const world = new World({ processes: 20 });
    lives(world, BY_PID);
    const early = rolledUp(world);
    expect(early).toMatchObject([['curl (bash)', expect.any(Number), expect.any(Number)]]);
    answer(world, shellOnly);
    lives(world, BY_ID);
    world.pass(700_000);
    world.settle();
    expect(rolledUp(world)).toEqual([['curl (jobs.sh)', 2 * MANY, 2 * MANY]]);
    expect(world.aggregator.programs.size).toBe(1);
  });

  it('of a shell that nothing is known of are one program, whose name is that of its file', () => {
    const world = new World();
    lives(world, BY_PID);
    answer(world, () => null);
    world.feed(announced(SHELL, SHELL_RECORD));
    lives(world, BY_ID);
    answer(world, () => null);
    world.settle();
    expect(rolledUp(world).map(([program]) => program)).toEqual(['curl (bash)']);
  });

  it('tell of its name as soon as it is known, also those that live', () => {
    const world = new World();
    world.feed(announced(SHELL, SHELL_RECORD), ...short(1000).slice(0, 2));
    expect(world.flow(80).program).toBe('curl (bash)');
    const { key } = world.flow(80);
    world.aggregator.flows.takeDirty();
    answer(world, shellOnly);
    expect(world.aggregator.flows.takeDirty().map((flow) => flow.key)).toEqual([key]);
    expect(world.flow(80).program).toBe('curl (jobs.sh)');
  });
});

describe('two shells with a script each', () => {
  it('are two programs, also where both had to be named before anybody answered', () => {
    const world = new World();
    const other = 2;
    const both = (first: number) => {
      for (let id = first; id < first + 4 * MANY; id++)
        world.feed(...short(id, 0, id % 2 === 0 ? SHELL : other));
      world.settle();
    };
    both(1000);
    world.pass(31_000);
    world.settle();
    expect(rolledUp(world)).toHaveLength(2);
    answer(world, (pid) => {
      if (pid === 1000 + SHELL) return factsOf('jobs.sh');
      return pid === 1000 + other ? { ...factsOf('other.sh'), pid, startTicks: 200 } : null;
    });
    both(2000);
    const left = 4 * MANY - DEAD_PER_PROGRAM;
    expect(rolledUp(world)).toEqual([
      ['curl (jobs.sh)', left, left],
      ['curl (other.sh)', left, left],
    ]);
  });

  it('are one program when it turns out that they run the same script', () => {
    const world = new World();
    for (let id = 1000; id < 1000 + 2 * MANY; id++) world.feed(...short(id, 0, 1 + (id % 2)));
    world.settle();
    world.pass(31_000);
    world.settle();
    answer(world, (pid) => ({ ...factsOf('jobs.sh'), pid: pid ?? 0, startTicks: ((pid ?? 0) - 1000) * 100 }));
    world.settle();
    const left = 2 * MANY - DEAD_PER_PROGRAM;
    expect(rolledUp(world)).toEqual([['curl (jobs.sh)', left, left]]);
    expect(world.flows()).toHaveLength(DEAD_PER_PROGRAM + 1);
    expect(world.sums()).toEqual({ opened: 2 * MANY, closed: 2 * MANY, failed: 0 });
  });
});
