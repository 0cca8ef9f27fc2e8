/** What containers call destinations: the rows of each have its own names, and a budget that several share has one where they agree. */
import { expect, it } from 'vitest';
import { Naming } from '../../../../src/aggregate/peers/naming.js';
import type { KnownNames } from '../../../../src/aggregate/peers/places.js';
import { BudgetSource } from '../../../../src/aggregate/rows/budget-source.js';
import { partOf } from '../../../../src/system/parse/container.js';
import {
  accepted,
  announced,
  type Connection,
  established,
  exited,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';

const groupOf = (id: number | bigint) =>
  id >= 100 ? '/system.slice/a.service' : `/docker/${String(id).padStart(64, '0')}`;
const AROUND = { partOf, cgroupPath: (id: bigint) => (id === 0n ? null : groupOf(id)) };

/** A process in a control group: of the host itself from 100 on. */
const inGroup = (id: number, group: number, more: Parameters<typeof announced>[1] = {}) =>
  announced(id, { cgroup_id: group, ...more });

class Named extends World {
  readonly asked: unknown[] = [];
  readonly names = new Map<string, string>();
  readonly known: KnownNames = {
    changes: 0,
    serviceOf: () => null,
    nameOf: (_netns, _address, group) => (group === null ? null : (this.names.get(group) ?? null)),
    ask: (group, { pid }) => this.asked.push([group, pid]),
  };
  private readonly naming = new Naming(this.aggregator, this.known);
  private readonly budgets = new BudgetSource(this.aggregator);
  private shown: string | null = null;

  constructor() {
    super({}, AROUND);
  }

  tick(): void {
    this.naming.tick();
  }

  connects(owner: number, more: Partial<Connection> = {}): void {
    this.feed(established(outbound({ owner, cookie: owner, ...more })));
  }

  /** By pid. */
  rows() {
    const out = this.flows().filter(({ direction }) => direction === 'out');
    return Object.fromEntries(out.map(({ process, destination }) => [process.pid, destination.name]));
  }

  /** As a client has it, who gets only what changed. */
  budget(): string | null {
    for (const { kind, destination } of this.budgets.collect(this.now).set)
      if (kind === 'tuple') this.shown = destination.name ?? null;
    return this.shown;
  }
}

it('each container has its own, and the host none of theirs', () => {
  const world = new Named();
  world.feed(inGroup(1, 1), inGroup(2, 2), inGroup(3, 100));
  for (const owner of [1, 2, 3]) world.connects(owner);
  world.names.set(groupOf(1), 'db.one').set(groupOf(2), 'db.two');
  world.tick();
  expect(world.rows()).toEqual({ 1001: 'db.one', 1002: 'db.two', 1003: null });
  expect(world.asked).toEqual([
    [groupOf(1), 1001],
    [groupOf(2), 1002],
  ]);
});

it('a budget has the name on which all agree that hold its ports', () => {
  const world = new Named();
  world.feed(inGroup(1, 1), inGroup(2, 2), inGroup(3, 100));
  world.connects(1);
  expect(world.budget()).toBeNull();
  world.names.set(groupOf(1), 'db');
  world.tick();
  expect(world.budget()).toBe('db');
  world.connects(2);
  expect(world.budget()).toBeNull();
  world.names.set(groupOf(2), 'db');
  world.tick();
  expect(world.budget()).toBe('db');
  world.connects(3);
  world.tick();
  expect(world.budget()).toBeNull();
});

it('of a process that has ended its parent is asked, where that is in the same container', () => {
  const world = new Named();
  const parent = { parent: 9, ppid: 1009, parent_start_ns: 9e9 };
  world.feed(inGroup(9, 1), inGroup(1, 1, parent), inGroup(2, 2, parent));
  for (const owner of [1, 2]) world.connects(owner);
  world.feed(exited(1), exited(2));
  world.names.set(groupOf(1), 'db').set(groupOf(2), 'other');
  world.tick();
  expect(world.asked).toEqual([[groupOf(1), 1009]]);
  expect(world.rows()).toEqual({ 1001: 'db', 1002: 'other' });
});

it('what it accepts is at its own address, which has no name of its own', () => {
  const world = new Named();
  world.feed(inGroup(1, 1), accepted(inbound({ cookie: 5 })));
  world.names.set(groupOf(1), 'own');
  world.tick();
  expect(world.flows().map(({ direction, destination }) => [direction, destination.name])).toEqual([
    ['in', null],
  ]);
  expect(world.asked).toEqual([]);
});
