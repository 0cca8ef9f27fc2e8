/**
 * Ports that connect() takes over from TIME_WAIT entries: what the tables say while it goes on, between audits, against the
 * kernel's own list and its counter TcpExt:TWRecycled. A minute of it: test/load/reuse.test.ts.
 */
import { expect, it } from 'vitest';
import { churnClient, churnServer } from '../support/churngen.js';
import { counting, quiet } from '../support/counters.js';
import { ends, PORTS, STORIES, tell } from '../support/reuse.js';
import { fileScope, testScope } from '../support/scope.js';
import { audited, Budgets } from '../support/truth.js';
import { Watch } from '../support/watch.js';

const SECONDS = 12;
const scope = fileScope();
const engine = Watch.start(scope, [], { ringBytes: 1 << 24, interest: { all: false, pids: [] } });
/** One for all cases: who collects a table's changes takes them from everybody else. */
const shared = engine.then((watch) => new Budgets(watch.engine));

it('ports held are what the kernel lists at every moment, and entries taken over what it counts', async () => {
  const watch = await engine;
  const told = await tell(scope, watch, await shared, SECONDS);
  expect(told).toHaveLength(STORIES.length);
  for (const { name, wrong, looks, most, opened, kernelRecycled, recycled } of told) {
    console.info(`${name}: ${looks} looks, at most ${most}, ${recycled} of ${kernelRecycled} recycled`);
    expect(wrong, name).toEqual([]);
    expect(looks, name).toBeGreaterThan(SECONDS / 2);
    expect(most, name).toBeLessThanOrEqual(PORTS);
    expect(opened, name).toBeGreaterThan(2 * PORTS);
    expect(Math.abs(recycled - kernelRecycled), name).toBeLessThanOrEqual(watch.hidden);
  }
});

it.concurrent.for([
  ['lo', 4],
  ['veth', 6],
] as const)(
  'counts entries that attempts took over which were refused then: %s, IPv%i',
  async ([over, family], test) => {
    const [watch, own, budgets] = [await engine, testScope(test), await shared];
    const { near, far, server } = ends(scope, { over, family });
    const listener = await churnServer(own, far, [server]);
    const grown = counting(near);
    await (await churnClient(own, near, { to: server, count: PORTS })).done();
    quiet(near);
    const filled = performance.now();
    await listener.stop();
    await audited(watch, [near]);
    const toward = () => budgets.toward(near, server.replace(/[[\]]/g, ''));
    expect(toward()).toMatchObject({ used: PORTS, timeWait: PORTS, recycled: 0 });
    /* Before Linux 6.14 the kernel compares ages in whole seconds. */
    await watch.until(() => performance.now() - filled > 2100, 'entries old enough to be taken over');
    const refused = await (await churnClient(own, near, { to: server, count: 50, rate: 40 })).done();
    expect(refused.errors).toEqual({ ECONNREFUSED: 50 });
    /* A port that an attempt took and gave back is free for the next one, which then takes no entry. */
    const taken = grown('TcpExt.TWRecycled');
    expect(taken).toBeGreaterThan(25);
    expect(toward()).toMatchObject({ used: PORTS - taken, recycled: taken });
    expect(watch.totals(near)).toMatchObject({ recycled: taken });
  },
);
