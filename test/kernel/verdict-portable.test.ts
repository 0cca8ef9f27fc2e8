/**
 * Where the kernel's table of sockets is not looked into: the verdict in numbers. Each ending by itself is in
 * endings.test.ts, what the service says of it in degraded.test.ts.
 */
import { expect, it } from 'vitest';
import { churnClient, churnServer } from '../support/churngen.js';
import { counting, quiet, sockets } from '../support/counters.js';
import { KEPT } from '../support/netns.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { ATTEMPTS, unhidden, type View, watched } from '../support/watch.js';

const COUNT = 500;
const next = watched(fileScope(), 2 * ATTEMPTS, { portableVerdict: true });

async function churn(view: View, scope: Scope) {
  await churnServer(scope, view.netns, ['127.0.0.1:9000']);
  const grown = counting(view.netns);
  const client = await churnClient(scope, view.netns, { to: '127.0.0.1:9000', count: COUNT });
  await client.done();
  quiet(view.netns);
  return { view, grown, closes: await view.closed(2 * COUNT) };
}

it.each([
  [1000, COUNT],
  [200, 200],
])(
  'with room for %i entries, as many closes are told to have left one as the kernel counts',
  async (room, left) => {
    const scope = testScope();
    const { view, grown, closes } = await unhidden(
      () => next({ ...KEPT, 'net.ipv4.tcp_max_tw_buckets': room }),
      (view) => churn(view, scope),
    );
    const closed = closes.filter(({ direction }) => direction === 'out');
    const told = closed.filter(({ end }) => end === 'time-wait' || end === 'fin-wait-2').length;
    /* The last one before the table is full looks as if it had found it so; two, when both processors close one. */
    expect(left === room ? [left - 1, left - 2] : [left]).toContain(told);
    expect(closed.filter(({ end }) => end === 'overflow')).toHaveLength(COUNT - told);
    expect(grown('TcpExt.TW')).toBe(left);
    expect(sockets(view.netns, 'time-wait')).toHaveLength(left);
    /* An audit finds what was misjudged; compared with the kernel's own list of that moment, from which entries may expire. */
    const found = () => view.totals()?.timeWait === sockets(view.netns, 'time-wait').length;
    await view.watch.until(found, 'as many entries as the kernel lists');
  },
);
