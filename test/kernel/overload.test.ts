/** The ring is far too small and nobody drains it: details are lost and said to be, totals stay exact. */
import { describe, expect, it } from 'vitest';
import { burst } from '../support/burst.js';
import { churnServer } from '../support/churngen.js';
import { counting } from '../support/counters.js';
import { Netns } from '../support/netns.js';
import { testScope } from '../support/scope.js';
import { Watch } from '../support/watch.js';

const COUNT = 5000;
const REFUSED = 300;
const RING_BYTES = 1 << 16;

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
