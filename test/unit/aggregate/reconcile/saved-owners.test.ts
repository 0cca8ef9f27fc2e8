/** Owners of entries over a restart of the service: written down with their cookies, found when their process is announced. */
import { describe, expect, it } from 'vitest';
import { ownersNow } from '../../../../src/aggregate/reconcile/saved-owners.js';
import { DIRECTION } from '../../../../src/decode/layout.js';
import { World } from '../../../support/aggregate-world.js';
import { processEvent } from '../../../support/records.js';

const worker = (start_ns: bigint, tgid = 101) => processEvent({ id: 1, tgid, comm: 'worker', start_ns });
const COOKIES = [7, 1, 8, 1];
const NOW = 1_700_000_000_000;
const saved = (process: string) => ({
  process,
  direction: DIRECTION.OUT,
  bound: true,
  cookies: COOKIES,
  known: NOW,
});

describe('the owner of an entry that an earlier run saw', () => {
  it('is found when its process is announced, and not before', () => {
    const { aggregator, feed } = testWorld();
    aggregator.savedOwners.load([saved('p101.500')], NOW);
    expect(aggregator.lost.of(7, 1)).toBeNull();
    feed(worker(5_000_000_000n));
    expect(aggregator.lost.of(7, 1)).toMatchObject({
      owner: { pid: 101 },
      direction: DIRECTION.OUT,
      bound: true,
    });
    expect(aggregator.lost.of(8, 1)).toMatchObject({ owner: { pid: 101 } });
  });

  it('is not a later process with the same pid', () => {
    const { aggregator, feed } = testWorld();
    aggregator.savedOwners.load([saved('p101.500')], NOW);
    feed(worker(6_000_000_000n));
    expect(aggregator.lost.of(7, 1)).toBeNull();
  });

  it('is forgotten when such entries have gone', () => {
    const { aggregator, feed } = testWorld();
    aggregator.savedOwners.load([saved('p101.500')], NOW);
    aggregator.savedOwners.forget();
    feed(worker(5_000_000_000n));
    expect(aggregator.lost.of(7, 1)).toBeNull();
  });

  it.each([
    ['whose process was not announced yet', false],
    ['that no audit has found yet', true],
  ])('goes on to the run after the next one: %s', (_, isAnnounced) => {
    const [second, third] = [testWorld(), testWorld()];
    second.aggregator.savedOwners.load([saved('p101.500')], NOW + 5000);
    if (isAnnounced) second.feed(worker(5_000_000_000n));
    third.aggregator.savedOwners.load(second.aggregator.savedOwners.left(NOW + 20_000), NOW + 25_000);
    third.feed(worker(5_000_000_000n));
    expect(third.aggregator.lost.of(8, 1)).toMatchObject({ owner: { pid: 101 } });
  });

  it('grows old, however often the service starts again', () => {
    const { savedOwners } = testWorld().aggregator;
    savedOwners.load([saved('p101.500')], NOW + 60_000);
    expect(savedOwners.left(NOW + 119_000)).toEqual([saved('p101.500')]);
    expect(savedOwners.left(NOW + 121_000)).toEqual([]);
    const later = testWorld();
    later.aggregator.savedOwners.load([saved('p101.500')], NOW + 121_000);
    later.feed(worker(5_000_000_000n));
    expect(later.aggregator.lost.of(7, 1)).toBeNull();
  });

  it('nothing is written down of a machine without connections', () => {
    expect(ownersNow(testWorld().aggregator.sockets, NOW)).toEqual([]);
  });
});

function testWorld() {
  const world = new World();
  return { aggregator: world.aggregator, feed: (event: Uint8Array) => world.feed(event) };
}
