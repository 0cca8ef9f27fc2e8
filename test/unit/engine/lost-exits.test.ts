import { describe, expect, it } from 'vitest';
import { LostExits } from '../../../src/engine/lost-exits.js';
import { announced, established, exited, outbound, World } from '../../support/aggregate-world.js';

/** `count` processes with a connection each, of which those that `ended` says have ended without an event. */
function worldOf(count: number, ended: (pid: number) => boolean) {
  const world = new World();
  const asked: number[] = [];
  for (let id = 1; id <= count; id++)
    world.feed(announced(id), established(outbound({ cookie: id, owner: id })));
  const exits = new LostExits(world.aggregator, (pid) => {
    asked.push(pid);
    return ended(pid);
  });
  return { world, asked, exits };
}

const isExited = (world: World, id: number) => world.aggregator.processes.find(id)?.exitedAt !== null;

describe('exits that no event told', () => {
  it('are found by asking for each process in turn', async () => {
    const { world, exits } = worldOf(10, (pid) => pid === 1003);
    await exits.tick();
    expect([3, 4].map((id) => isExited(world, id))).toEqual([true, false]);
    const rows = world.flows().filter(({ process }) => process.exited);
    expect(rows.map(({ process }) => process.pid)).toEqual([1003]);
  });

  it('cost the same at each tick, and each process is asked for once in thirty', async () => {
    const { asked, exits } = worldOf(3000, () => false);
    for (let tick = 1; tick <= 30; tick++) {
      await exits.tick();
      expect(asked).toHaveLength(100 * tick);
    }
    expect(new Set(asked).size).toBe(3000);
  });

  it('are found although processes come and go meanwhile', async () => {
    const { world, exits } = worldOf(1000, (pid) => pid === 1999);
    for (let id = 1; id <= 500; id++) {
      world.feed(announced(2000 + id), exited(id));
      if (id % 10 === 0) await exits.tick();
    }
    expect(isExited(world, 999)).toBe(true);
  });

  it('ask nothing of what has exited, and of no pid 0', async () => {
    const { world, asked, exits } = worldOf(3, () => true);
    world.feed(exited(2), announced(4, { tgid: 0 }));
    await exits.tick();
    expect(asked).toEqual([1001, 1003]);
    expect(isExited(world, 4)).toBe(false);
  });

  it('are compared by one tick at a time', async () => {
    const { asked, exits } = worldOf(3, () => false);
    await Promise.all([exits.tick(), exits.tick()]);
    expect(asked).toHaveLength(3);
  });
});
