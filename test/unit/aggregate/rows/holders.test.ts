/** Who holds the ports of a budget, as its row says it. */
import { expect, it } from 'vitest';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { EVENT } from '../../../../src/decode/layout.js';
import { announced, eventOf, exited, outbound, World } from '../../../support/aggregate-world.js';

const NETNS = 1;

/** Each process holds so many ports; those that are named in `ended` have exited. */
function holdersOf(ports: readonly number[], ended: readonly number[]) {
  const world = new World();
  for (const [i, count] of ports.entries()) {
    const owner = i + 1;
    world.feed(announced(owner));
    for (let at = 0; at < count; at++) {
      const lport = 40_000 + 50 * owner + at;
      const one = outbound({ cookie: lport, owner, netns: NETNS });
      world.feed(eventOf(one, EVENT.ESTABLISHED, { newstate: 1, oldstate: 2, lport }));
    }
    if (ended.includes(owner)) world.feed(exited(owner));
  }
  // Programs of the dead are found.
  for (let second = 0; second < 40; second++) {
    world.pass(1000);
    world.settle();
  }
  const { set } = new BudgetSource(world.aggregator).collect(world.now);
  const [row] = set.filter(({ kind }) => kind === 'tuple');
  return row?.holders.map(({ process: { name, pid }, ports: count }) => [name, pid, count]);
}

it('a loop of short processes is one holder with the ports of all, however many of them have rows', () => {
  const many = Array.from({ length: 100 }, () => 1);
  const all = many.map((_, i) => i + 1);
  const [loop, ...more] = holdersOf(many, all) ?? [];
  expect([loop?.[1], loop?.[2]]).toEqual([null, 100]);
  expect(more).toEqual([]);
});

it('a few that have ended keep their pids, and one that lives is never counted with them', () => {
  const holders = (...given: Parameters<typeof holdersOf>) =>
    holdersOf(...given)?.map(([, pid, ports]) => [pid, ports]);
  expect(holders([5, 2, 4], [1, 3])).toEqual([
    [1001, 5],
    [1003, 4],
    [1002, 2],
  ]);
  const loop = Array.from({ length: 90 }, () => 1);
  const ended = loop.map((_, i) => i + 2);
  expect(holders([7, ...loop], ended)).toEqual([
    [null, 90],
    [1001, 7],
  ]);
});
