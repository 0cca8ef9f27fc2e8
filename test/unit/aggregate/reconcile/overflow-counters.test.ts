import { describe, expect, it } from 'vitest';
import { DIRECTION, EVENT, FLAG } from '../../../../src/decode/layout.js';
import {
  accepted,
  announced,
  closed,
  established,
  exited,
  inbound,
  outbound,
  World,
} from '../../../support/aggregate-world.js';
import { type Fields, foldEntry } from '../../../support/records.js';

const entry = (type: number, count: number, more: Fields<'overflow_key'> = {}) =>
  foldEntry(
    {
      netns_cookie: 1,
      netns_inum: 4026530001,
      owner: 1,
      owner_tgid: 1001,
      direction: DIRECTION.OUT,
      type,
      ...more,
    },
    count,
  );

const folded = (world: World) => world.flows().filter(({ destination }) => destination.address === null);

describe('folded events', () => {
  it('count for their owner toward nobody knows where', () => {
    const world = new World();
    world.feed(announced(1));
    world.applyFolds(
      entry(EVENT.ESTABLISHED, 100),
      entry(EVENT.CLOSED, 60, { flags: FLAG.OPEN_OVERFLOWED }),
      entry(EVENT.CLOSED, 40, { flags: FLAG.OPEN_OVERFLOWED | FLAG.CLOSED_FIRST }),
      entry(EVENT.FAILED, 3, { err: 111 }),
      entry(EVENT.FAILED, 4, { err: 99 }),
    );
    expect(folded(world)).toMatchObject([
      {
        opened: 100,
        closed: 100,
        closedFirst: 40,
        failed: 7,
        established: 0,
        direction: 'out',
        destination: { address: null, port: null },
        process: { pid: 1001 },
        lowerBound: false,
      },
    ]);
    expect(world.totals()).toEqual({ opened: 100, closed: 100, failed: 7 });
  });

  it('add up: what was taken out of the kernel does not come again', () => {
    const world = new World();
    for (const count of [1, 5, 5, 9]) world.applyFolds(entry(EVENT.ESTABLISHED, count));
    expect(world.totals().opened).toBe(20);
  });

  it('are told apart by every part of their key', () => {
    const world = new World();
    world.applyFolds(
      entry(EVENT.ESTABLISHED, 1),
      entry(EVENT.ESTABLISHED, 2, { owner: 2, owner_tgid: 1002 }),
      entry(EVENT.ESTABLISHED, 4, { netns_cookie: 2, netns_inum: 4026530002 }),
      entry(EVENT.ESTABLISHED, 8, { direction: DIRECTION.IN }),
    );
    expect(folded(world).map(({ opened }) => opened)).toEqual([1, 2, 4, 8]);
    expect(new Set(folded(world).map(({ key }) => key)).size).toBe(4);
  });

  it('move to their destination when the close of a folded open arrives', () => {
    const world = new World();
    world.applyFolds(entry(EVENT.ESTABLISHED, 2));
    world.feed(closed(outbound({ flags: FLAG.OPEN_OVERFLOWED })));
    expect(world.flow(5432)).toMatchObject({ opened: 1, closed: 1, established: 0 });
    expect(folded(world)).toMatchObject([{ opened: 1, closed: 0 }]);
    expect(world.totals()).toEqual({ opened: 2, closed: 1, failed: 0 });
  });

  it('make an inbound count a lower bound when a close was lost whose accept may have been too', () => {
    const world = new World();
    world.applyFolds(entry(EVENT.CLOSED, 1, { direction: DIRECTION.IN }));
    expect(folded(world)).toMatchObject([{ closed: 1, lowerBound: true }]);
  });

  it('are settled by an audit: closes it found no connection for had no open that was counted', () => {
    const world = new World();
    world.applyFolds(entry(EVENT.CLOSED, 5, { direction: DIRECTION.IN }));
    world.folds.beginAudit();
    world.folds.endAudit(() => true);
    expect(folded(world)).toMatchObject([{ opened: 5, closed: 5, lowerBound: false }]);
    expect(world.totals()).toEqual({ opened: 5, closed: 5, failed: 0 });
  });

  it('move to the connection that an audit found gone, and are told again', () => {
    const world = new World();
    world.feed(accepted(inbound()), accepted(inbound({ cookie: 2 })));
    world.applyFolds(entry(EVENT.CLOSED, 3, { direction: DIRECTION.IN }));
    world.folds.beginAudit();
    world.aggregator.flows.takeDirty();
    for (const _ of [1, 2]) world.aggregator.missedCloses.closed(world.stored(80));
    expect(world.aggregator.flows.takeDirty()).toHaveLength(2);
    world.folds.endAudit(() => true);
    expect(world.flow(80)).toMatchObject({ opened: 2, closed: 2 });
    expect(folded(world)).toMatchObject([{ opened: 1, closed: 1, lowerBound: false }]);
    expect(world.totals()).toEqual({ opened: 3, closed: 3, failed: 0 });
  });

  it('wait for an audit of their own namespace', () => {
    const world = new World();
    world.feed(accepted(inbound()));
    world.applyFolds(entry(EVENT.CLOSED, 2, { direction: DIRECTION.IN }));
    world.folds.beginAudit();
    world.folds.endAudit(() => false);
    expect(folded(world)).toMatchObject([{ opened: 0, closed: 2, lowerBound: true }]);
    world.folds.beginAudit();
    world.aggregator.missedCloses.closed(world.stored(80));
    world.folds.endAudit((namespace) => namespace.key === '1');
    expect(world.totals()).toEqual({ opened: 2, closed: 2, failed: 0 });
  });

  it('that come while an audit runs wait for the next', () => {
    const world = new World();
    world.feed(accepted(inbound()));
    world.applyFolds(entry(EVENT.CLOSED, 1, { direction: DIRECTION.IN }));
    world.folds.beginAudit();
    world.applyFolds(entry(EVENT.CLOSED, 1, { direction: DIRECTION.IN }));
    world.folds.endAudit(() => true);
    expect(folded(world)).toMatchObject([{ opened: 1, closed: 2, lowerBound: true }]);
    world.folds.beginAudit();
    world.aggregator.missedCloses.closed(world.stored(80));
    world.folds.endAudit(() => true);
    expect(world.totals()).toEqual({ opened: 2, closed: 2, failed: 0 });
    expect(world.flows().some(({ lowerBound }) => lowerBound)).toBe(false);
  });

  it('are settled for the program when their owner was folded in the middle of an audit', () => {
    const world = new World();
    world.feed(announced(1), accepted(inbound()), exited(1));
    world.applyFolds(entry(EVENT.CLOSED, 2, { direction: DIRECTION.IN }));
    world.folds.beginAudit();
    world.settle();
    world.pass(601_000);
    world.settle();
    world.aggregator.missedCloses.closed(world.stored(80));
    world.folds.endAudit(() => true);
    expect(world.sums()).toEqual({ opened: 2, closed: 2, failed: 0 });
    expect(world.totals()).toEqual({ opened: 2, closed: 2, failed: 0 });
    expect(world.flows().some(({ lowerBound }) => lowerBound)).toBe(false);
  });

  it('leave out what is older than the tracer', () => {
    const world = new World();
    world.applyFolds(entry(EVENT.CLOSED, 5, { flags: FLAG.PREEXISTING }));
    expect(world.totals()).toEqual({ opened: 0, closed: 0, failed: 0 });
  });

  it('count for the program once their owner was folded into it', () => {
    const world = new World();
    world.feed(announced(1), established(outbound()), closed(outbound()), exited(1));
    world.settle();
    world.pass(601_000);
    world.settle();
    world.applyFolds(entry(EVENT.FAILED, 3));
    expect(folded(world)).toMatchObject([{ failed: 3, process: { pid: null, comm: 'curl' } }]);
  });

  it('of a batch that ends in the middle of an entry are read up to it', () => {
    const world = new World();
    world.applyFolds(entry(EVENT.FAILED, 3), entry(EVENT.FAILED, 4, { err: 5 }).subarray(0, 24));
    expect(world.totals().failed).toBe(3);
  });
});
