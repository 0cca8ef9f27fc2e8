/** The ring is far too small and nobody drains it: details are lost and said to be, totals stay exact. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { churnServer } from '../support/churngen.js';
import { counting, quiet } from '../support/counters.js';
import { Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const CHURNGEN = fileURLToPath(new URL('../../out/tools/churngen', import.meta.url));
/** At one time. Each needs a counter for its open and one for its close, of 8192. */
const PROCESSES = 6000;
/** Of which the first needs most of the counters, and the second as many again. */
const [CROWD, CROWDS] = [3000, 2];
/** Closes of a crowd that this kernel may hide when no processor is free (docs/decisions/hidden-tasks.md); hundreds found no counter. */
const MOST_HIDDEN = 3;
const COUNT = 5000;
const REFUSED = 300;
const RING_BYTES = 1 << 16;

/** Runs the generator until both ends are done, while this process, and so the engine, stands still: nothing is drained. */
function burst(netns: Netns, ...words: string[]): void {
  netns.exec(CHURNGEN, 'client', ...words);
  quiet(netns);
}

/** So many processes with one connection each, all of them while nothing is drained. */
function crowd(netns: Netns, processes: number): void {
  const each = ['--processes', '2', '--per-child', '1', '--close', 'exit', '--count', String(processes / 2)];
  burst(netns, '--to', '127.0.0.1:9000', ...each);
}

describe('a burst that the ring cannot hold', () => {
  it('leaves opened, closed and failed exact for each namespace, and says what was lost', async () => {
    const scope = testScope();
    const spaces = [Netns.create(scope), Netns.create(scope)];
    const watch = await Watch.start(scope, spaces, { ringBytes: RING_BYTES });
    for (const netns of spaces) await churnServer(scope, netns, ['127.0.0.1:9000']);
    const grown = spaces.map(counting);
    for (const netns of spaces) {
      burst(netns, '--to', '127.0.0.1:9000', '--count', String(COUNT));
      burst(netns, '--to', '127.0.0.1:9', '--count', String(REFUSED));
    }
    for (const [i, netns] of spaces.entries()) {
      const out = () => watch.flows().filter((row) => row.netns === netns.inode && row.direction === 'out');
      const sum = (field: 'opened' | 'closed' | 'failed') =>
        out().reduce((total, row) => total + (row[field] ?? 0), 0);
      await watch.until(
        () => sum('closed') >= COUNT && sum('failed') >= REFUSED,
        'the folded counts',
        20_000,
      );
      expect([sum('opened'), sum('closed'), sum('failed')]).toEqual([COUNT, COUNT, REFUSED]);
      expect(grown[i]?.('Tcp.ActiveOpens')).toBe(COUNT + REFUSED);
      for (const row of out())
        expect(Math.min(row.opened ?? 0, row.closed ?? 0, row.failed ?? 0)).toBeGreaterThanOrEqual(0);
    }
    const totals = watch.totals(spaces[0] as Netns);
    expect(totals?.eventsLost).toBeGreaterThan(COUNT);
    expect(watch.engine.source.health()?.lost).toEqual(totals?.lost);
    expect(totals?.lost).toMatchObject({ ring: totals?.eventsLost, storage: 0 });
    expect(watch.events.length).toBeLessThan(2 * COUNT);
  });

  it('of more processes than the kernel counts for: every row says that it may lack events', async () => {
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

  it('counts by kind for as many processes as come, when they do not come at once', async () => {
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

  it('ends with the ring: what comes later is seen in every detail', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const watch = await Watch.start(scope, [netns], { ringBytes: RING_BYTES });
    await churnServer(scope, netns, ['127.0.0.1:9000', '127.0.0.1:9001']);
    burst(netns, '--to', '127.0.0.1:9000', '--count', String(COUNT));
    await watch.until(() => watch.events.length > 100, 'what the ring could hold');
    burst(netns, '--to', '127.0.0.1:9001', '--count', '50');
    const row = () => watch.flows().find((it) => it.direction === 'out' && it.destination.port === 9001);
    await watch.until(() => row()?.closed === 50, 'fifty more connections');
    expect(row()).toMatchObject({ opened: 50, closed: 50, process: { comm: 'churngen' } });
  });

  it('counts what the kernel’s recursion guard hid, apart from what the ring lost', async () => {
    const scope = testScope();
    const netns = Netns.create(scope);
    const watch = await Watch.start(scope, [netns]);
    await churnServer(scope, netns, ['127.0.0.1:9000']);
    burst(netns, '--to', '127.0.0.1:9000', '--count', '1000');
    await watch.until(() => watch.totals(netns)?.closed === 2000, 'every close');
    const lost = watch.engine.source.health()?.lost;
    expect(lost).toMatchObject({ ring: 0, storage: 0, total: lost?.recursion });
    const totals = watch.totals(netns);
    expect(totals).toMatchObject({ eventsLost: 0, eventsMissed: lost?.recursion, lost });
    expect(totals?.lowerBound && lost?.recursion === 0).toBe(false);
  });
});
