/** As test/kernel/reuse.test.ts, for a minute: TIME_WAIT entries end by their timers beside those that are taken over. */
import { expect, it } from 'vitest';
import { PORTS, STORIES, tell } from '../support/reuse.js';
import { fileScope } from '../support/scope.js';
import { Budgets } from '../support/truth.js';
import { Watch } from '../support/watch.js';

const SECONDS = 65;
const scope = fileScope();

it('for a minute, ports held are what the kernel lists at every moment, and never more than there are', async () => {
  const watch = await Watch.start(scope, [], { ringBytes: 1 << 24, interest: { all: false, pids: [] } });
  const told = await tell(scope, watch, new Budgets(watch.engine), SECONDS);
  expect(told).toHaveLength(STORIES.length);
  for (const { name, wrong, looks, most, kernelRecycled, recycled } of told) {
    expect(wrong, name).toEqual([]);
    expect(looks, name).toBeGreaterThan(SECONDS / 2);
    expect(most, name).toBeLessThanOrEqual(PORTS);
    expect(Math.abs(recycled - kernelRecycled), name).toBeLessThanOrEqual(watch.hidden);
  }
});
