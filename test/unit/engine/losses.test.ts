import { describe, expect, it } from 'vitest';
import { FIN_WAIT2, TIME_WAIT } from '../../../src/aggregate/model/socket-state.js';
import type { DumpedSocket } from '../../../src/aggregate/reconcile/dumped-socket.js';
import { Reconciler } from '../../../src/aggregate/reconcile/reconciler.js';
import { absentTracer } from '../../../src/capture/absent-tracer.js';
import { END, EVENT, FLAG } from '../../../src/decode/layout.js';
import { LossTimes, lossesOf } from '../../../src/engine/losses.js';
import {
  AROUND,
  announced,
  closed,
  established,
  exited,
  outbound,
  World,
} from '../../support/aggregate-world.js';
import { foldEntry } from '../../support/records.js';

const TIMER_TIME_WAIT = 3;

/** One complete audit of the namespace, in which the kernel shows these sockets. */
function audit(world: World, ...dumped: DumpedSocket[]): void {
  const join = new Reconciler(world.aggregator, world.folds);
  world.pass(1);
  join.beginRound();
  join.begin(1, 4026530001, (world.now - world.aggregator.unixMsAtZero) * 1e6);
  for (const socket of dumped) join.socket(socket);
  join.end(true);
  expect(join.sweep(0, 1000)).toBe(-1);
  join.endRound();
}

const entryOf = (cookie: number): DumpedSocket => ({
  state: TIME_WAIT,
  timer: TIMER_TIME_WAIT,
  cookieLow: cookie,
  cookieHigh: 0,
  expiresMs: 60_000,
  localPort: 40_000,
  remotePort: 5432,
  localBytes: new Uint8Array(16),
  remoteBytes: new Uint8Array(16),
  localWord: () => 0,
  remoteWord: () => 0,
});

const unseen = (world: World) => world.aggregator.missedCloses.count;

describe('a close that the kernel did not show', () => {
  it('is counted by the audit that misses its connection, which says that something was missed', () => {
    const world = new World();
    world.feed(
      established(outbound()),
      established(outbound({ cookie: 2 })),
      closed(outbound({ cookie: 2 })),
    );
    expect(world.flow(5432)).toMatchObject({ closed: 1, lowerBound: false });
    audit(world);
    expect(world.flow(5432)).toMatchObject({ opened: 2, closed: 2, lowerBound: true });
    expect(world.totals()).toEqual({ opened: 2, closed: 2, failed: 0 });
    expect(unseen(world)).toBe(1);
    audit(world);
    expect(unseen(world)).toBe(1);
  });

  it('is counted by the audit that finds its TIME_WAIT entry, which keeps its owner', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()));
    audit(world, entryOf(1));
    expect(world.flow(5432)).toMatchObject({ closed: 1, timeWait: 1, lowerBound: true });
    expect(world.flow(5432).process).toMatchObject({ pid: 1001 });
    expect(unseen(world)).toBe(1);
  });

  it('is not one that the full ring lost: that is known in full', () => {
    const world = new World();
    world.feed(established(outbound()));
    world.applyFolds(
      foldEntry(
        {
          netns_cookie: 1,
          netns_inum: 4026530001,
          owner: 1,
          owner_tgid: 1001,
          direction: 1,
          type: EVENT.CLOSED,
          flags: FLAG.OPEN_SENT,
        },
        1,
      ),
    );
    audit(world);
    expect(world.flow(5432)).toMatchObject({ opened: 1, closed: 1, lowerBound: false });
    expect(unseen(world)).toBe(0);
  });

  it('stays a lower bound when its process is long gone and counts with its program', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()));
    audit(world);
    world.feed(exited(1));
    world.settle();
    world.pass(601_000);
    world.settle();
    expect(world.flows()).toMatchObject([{ closed: 1, lowerBound: true, process: { pid: null } }]);
  });
});

it('counts each event for one reason', () => {
  const none = absentTracer().stats();
  expect(lossesOf(none, 0)).toEqual({ ring: 0, recursion: 0, storage: 0, total: 0 });
  // Ten of the hundred that the ring had no room for found none in the overflow counters either.
  const some = { ...none, ringLost: 100, gaps: 1, overflowFull: 10, storageFailures: 20 };
  expect(lossesOf(some, 2)).toEqual({ ring: 90, recursion: 3, storage: 30, total: 123 });
});

describe('a loss that nothing counted', () => {
  const doubts = (world: World) => world.flows().map(({ lowerBound }) => lowerBound);

  it('makes every row that there is a lower bound, and later ones of who was there', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()));
    expect(doubts(world)).toEqual([false]);
    world.aggregator.doubt(world.now);
    world.feed(established(outbound({ cookie: 2, port: 80 })));
    expect(doubts(world)).toEqual([true, true]);
    expect([...world.aggregator.namespaces.all()].map(({ lowerBound }) => lowerBound)).toEqual([true]);
  });

  it('makes none of a process that started later', () => {
    const world = new World();
    world.aggregator.doubt(AROUND.startTimeMs(0));
    world.feed(announced(1), established(outbound({ cookie: 2 })));
    expect(doubts(world)).toEqual([false]);
  });

  it('goes with the counts into the program of a dead process', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()), closed(outbound()));
    world.aggregator.doubt(world.now);
    world.feed(exited(1));
    world.settle();
    world.pass(601_000);
    world.settle();
    expect(world.flows()).toMatchObject([{ closed: 1, lowerBound: true, process: { pid: null } }]);
  });
});

it('a close that should have been first, and of which the FIN was not seen, is a lower bound', () => {
  const world = new World();
  const first = outbound();
  world.feed(established(first), closed(first, { end: END.TIME_WAIT, oldstate: FIN_WAIT2 }));
  expect(world.flow(5432)).toMatchObject({ closed: 1, closedFirst: 0, lowerBound: true });
});

it('remembers when something was last lost, and when last missed', () => {
  const times = new LossTimes();
  const note = (ring: number, recursion: number, storage: number, nowMs: number) => {
    const fresh = times.note({ ring, recursion, storage, total: ring + recursion + storage }, nowMs);
    return [fresh.ring, fresh.storage, times.lostAt, times.missedAt];
  };
  expect(note(0, 0, 0, 1000)).toEqual([0, 0, null, null]);
  expect(note(7, 0, 0, 2000)).toEqual([7, 0, 2000, null]);
  expect(note(7, 1, 0, 3000)).toEqual([0, 0, 2000, 3000]);
  expect(note(9, 1, 0, 4000)).toEqual([2, 0, 4000, 3000]);
  expect(note(9, 1, 5, 5000)).toEqual([0, 5, 4000, 5000]);
});
