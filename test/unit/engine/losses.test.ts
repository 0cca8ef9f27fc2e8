import { describe, expect, it } from 'vitest';
import { TIME_WAIT } from '../../../src/aggregate/model/socket-state.js';
import { type DumpedSocket, Reconciler } from '../../../src/aggregate/reconcile/reconciler.js';
import { absentTracer } from '../../../src/capture/absent-tracer.js';
import { EVENT, FLAG } from '../../../src/decode/layout.js';
import { LossTimes, lossesOf } from '../../../src/engine/losses.js';
import { announced, closed, established, exited, outbound, World } from '../../support/aggregate-world.js';
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

it('adds up what was hidden and what there was no memory for', () => {
  const none = absentTracer().stats();
  expect(lossesOf(none, 0)).toEqual({ ring: 0, hidden: 0, missed: 0 });
  const some = { ...none, ringLost: 100, gaps: 1, overflowFull: 10, storageFailures: 20 };
  expect(lossesOf(some, 2)).toEqual({ ring: 100, hidden: 3, missed: 33 });
});

it('remembers when something was last lost, and when last missed', () => {
  const times = new LossTimes();
  const note = (ring: number, missed: number, nowMs: number) =>
    times.note({ ring, hidden: 0, missed }, nowMs);
  expect([note(0, 0, 1000), times.lostAt, times.missedAt]).toEqual([0, null, null]);
  expect([note(7, 0, 2000), times.lostAt, times.missedAt]).toEqual([7, 2000, null]);
  expect([note(7, 1, 3000), times.lostAt, times.missedAt]).toEqual([0, 2000, 3000]);
  expect([note(9, 1, 4000), times.lostAt, times.missedAt]).toEqual([2, 4000, 3000]);
});
