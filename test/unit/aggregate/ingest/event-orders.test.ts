/**
 * Counts stay exact in every order: many connections, each with a life the kernel can report (sent or folded, accepted
 * early, late or never), their events shuffled together with exits, folding of the dead and reads of the fold map.
 */
import { describe, expect, it } from 'vitest';
import { DIRECTION, END, EVENT, FLAG } from '../../../../src/decode/layout.js';
import {
  accepted,
  announced,
  type Connection,
  closed,
  established,
  eventOf,
  exited,
  failed,
  inbound,
  outbound,
  type Sums,
  World,
} from '../../../support/aggregate-world.js';
import { type Random, random } from '../../../support/random.js';
import { foldEntry } from '../../../support/records.js';

/** A step of a life; what could not be sent adds to the fold map instead. */
type Step = (world: World) => void;

/** The kernel's fold map: counts grow, and are taken out from time to time. */
class FoldMap {
  private readonly counts = new Map<string, { key: Parameters<typeof foldEntry>[0]; count: number }>();

  add({ netns, owner, direction }: Connection, type: number, flags: number): void {
    const key = {
      netns_cookie: netns,
      netns_inum: 4026530000 + netns,
      owner,
      owner_tgid: 1000 + owner,
      direction,
      type,
      flags,
    };
    const name = JSON.stringify(key);
    this.counts.set(name, { key, count: (this.counts.get(name)?.count ?? 0) + 1 });
  }

  take(world: World): void {
    world.applyFolds(...[...this.counts.values()].map(({ key, count }) => foldEntry(key, count)));
    this.counts.clear();
  }
}

/** Open and close in one: with a TIME_WAIT entry, or nothing that stays. */
const lived = (one: Connection) =>
  eventOf(one, EVENT.COALESCED, {
    newstate: 7,
    duration_ns: 1e6,
    end: one.cookie % 2 ? END.PASSIVE : END.TIME_WAIT,
  });

const LIVES: readonly ((one: Connection, folds: FoldMap) => Step[])[] = [
  (one) => [(w) => w.feed(established(one)), (w) => w.feed(closed(one))],
  (one) => [(w) => w.feed(lived(one))],
  (one, folds) => [
    () => folds.add(one, EVENT.ESTABLISHED, 0),
    (w) => w.feed(closed({ ...one, flags: FLAG.OPEN_OVERFLOWED })),
  ],
  (one, folds) => [(w) => w.feed(established(one)), () => folds.add(one, EVENT.CLOSED, FLAG.OPEN_SENT)],
  (one, folds) => [
    () => folds.add(one, EVENT.ESTABLISHED, 0),
    () => folds.add(one, EVENT.CLOSED, FLAG.OPEN_OVERFLOWED | FLAG.CLOSED_FIRST),
  ],
];
const INBOUND_LIVES: readonly ((one: Connection, folds: FoldMap) => Step[])[] = [
  (one) => [(w) => w.feed(accepted(one)), (w) => w.feed(closed(one))],
  (one) => [(w) => w.feed(lived(one))],
  (one) => [(w) => w.feed(closed(one)), (w) => w.feed(accepted(one))],
  (one) => [(w) => w.feed(closed(one))],
  (one, folds) => [() => folds.add(one, EVENT.ACCEPTED, 0), (w) => w.feed(closed(one))],
];
const FAILURES: readonly ((one: Connection, folds: FoldMap) => Step[])[] = [
  (one) => [(w) => w.feed(failed(one))],
  (one, folds) => [() => folds.add(one, EVENT.FAILED, 0)],
];

function someConnection(next: Random, cookie: number): Connection {
  const more = { cookie, owner: 1 + next(30), netns: 1 + next(2) };
  return next(3) === 0
    ? inbound({ ...more, port: 80 + next(3) })
    : outbound({ ...more, port: 5000 + next(5) });
}

/** Steps of all lives, shuffled, the steps of one life in their order. */
function* interleaved(lives: Step[][], next: Random): Iterable<Step> {
  while (lives.length > 0) {
    const at = next(lives.length);
    const step = lives[at]?.shift();
    if (step === undefined) lives.splice(at, 1);
    else yield step;
  }
}

interface Run {
  world: World;
  expected: Sums;
}

/** Plays `count` lives; `check` runs after every step. */
function play(seed: number, count: number, world: World, check: (world: World) => void): Run {
  const next = random(seed);
  const folds = new FoldMap();
  const lives: Step[][] = [];
  const expected: Sums = { opened: 0, closed: 0, failed: 0 };
  for (let cookie = 1; cookie <= count; cookie++) {
    const one = someConnection(next, cookie);
    const isFailure = next(10) === 0;
    const kinds = isFailure ? FAILURES : one.direction === DIRECTION.IN ? INBOUND_LIVES : LIVES;
    lives.push((kinds[next(kinds.length)] as (typeof LIVES)[number])(one, folds));
    if (isFailure) expected.failed += 1;
    else {
      expected.opened += 1;
      expected.closed += 1;
    }
  }
  for (let id = 1; id <= 30; id++) {
    lives.push([
      (w) => w.feed(announced(id, { comm: `job${id % 4}`, exe: `/bin/job${id % 4}` })),
      (w) => w.feed(exited(id)),
    ]);
  }
  for (const step of interleaved(lives, next)) {
    step(world);
    if (next(20) === 0) folds.take(world);
    if (next(20) === 0) {
      world.pass(next(2) * 700_000);
      world.settle();
    }
    check(world);
  }
  folds.take(world);
  return { world, expected };
}

describe('counts', () => {
  const sumsEqualTotals = (world: World) => {
    const [sums, totals] = [world.sums(), world.totals()];
    if (JSON.stringify(sums) !== JSON.stringify(totals)) expect(sums).toEqual(totals);
  };

  it.each([1, 2, 3, 4, 5])(
    'of flows add up to those of namespaces after every event, and to what happened (%i)',
    (seed) => {
      const { world, expected } = play(seed, 400, new World(), sumsEqualTotals);
      expect(world.totals()).toEqual(expected);
      expect(world.sums()).toEqual(expected);
    },
  );

  it.each([6, 7, 8])('stay exact when every table is too small (%i)', (seed) => {
    const small = new World({ sockets: 16, flows: 8, budgets: 2, processes: 4, durationWindows: 2 });
    const { world, expected } = play(seed, 400, small, sumsEqualTotals);
    expect(world.totals()).toEqual(expected);
    expect(world.sums()).toEqual(expected);
  });

  it('never go below zero once the fold map was read', () => {
    const { world } = play(9, 400, new World(), () => {});
    for (const { opened, closed: ended, failed: refused, established: open } of world.flows())
      for (const count of [opened, ended, refused, open]) expect(count).toBeGreaterThanOrEqual(0);
  });
});
