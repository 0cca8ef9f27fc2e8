/** More processes than the kernel has overflow counters for, while the ring is full: at one time, and one crowd after the other. */
import { expect, it } from 'vitest';
import { burst } from '../support/burst.js';
import { churnServer } from '../support/churngen.js';
import { Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const RING_BYTES = 1 << 16;
/** At one time. Each needs a counter for its open and one for its close, of 8192. */
const PROCESSES = 6000;
/** Of which the first needs most of the counters, and the second as many again. */
const [CROWD, CROWDS] = [3000, 2];
/** Closes of a crowd that this kernel may hide when no processor is free (docs/decisions/hidden-tasks.md); hundreds found no counter. */
const MOST_HIDDEN = 3;

/** So many processes with one connection each, all of them while nothing is drained. */
function crowd(netns: Netns, processes: number): void {
  const each = ['--processes', '2', '--per-child', '1', '--close', 'exit', '--count', String(processes / 2)];
  burst(netns, '--to', '127.0.0.1:9000', ...each);
}

it('a burst of more processes than the kernel counts for: every row says that it may lack events', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const watch = await Watch.start(scope, [netns], { ringBytes: RING_BYTES });
  await churnServer(scope, netns, ['127.0.0.1:9000']);
  crowd(netns, PROCESSES);
  await watch.until(() => (watch.engine.source.health()?.lost.storage ?? 0) > 0, 'a loss without a place');
  const health = watch.engine.source.health();
  expect(watch.totals(netns)).toMatchObject({ lowerBound: true, lost: health?.lost });
  expect(health?.problems.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^Events were lost, .*for want of memory: rows that say so are lower bounds/),
  );
});

it('a ring that is full counts by kind for as many processes as come, when they do not come at once', async () => {
  const scope = testScope();
  const netns = Netns.create(scope);
  const watch = await Watch.start(scope, [netns], { ringBytes: RING_BYTES });
  await churnServer(scope, netns, ['127.0.0.1:9000']);
  const out = () => watch.flows().filter(({ direction }) => direction === 'out');
  const sum = (field: 'opened' | 'closed') => out().reduce((total, row) => total + (row[field] ?? 0), 0);
  for (let n = 1; n <= CROWDS; n++) {
    crowd(netns, CROWD);
    await watch.until(() => sum('opened') >= n * CROWD, `the counts of crowd ${n}`, 30_000);
    expect(sum('opened')).toBe(n * CROWD);
    expect(n * CROWD - sum('closed')).toBeLessThanOrEqual(n * MOST_HIDDEN);
  }
  const lost = watch.engine.source.health()?.lost;
  expect(lost).toMatchObject({ storage: 0 });
  expect(lost?.ring).toBeGreaterThan(2 * CROWD * (CROWDS - 1));
  expect(watch.totals(netns)?.lowerBound && lost?.recursion === 0).toBe(false);
});
