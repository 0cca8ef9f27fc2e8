/**
 * Verdicts in numbers, against the namespace's own counters and its list of TIME_WAIT entries after the run.
 */
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { ConnectionEvent } from '../../src/protocol/rows.js';
import { churnClient, churnServer, type Flags } from '../support/churngen.js';
import { counting, quiet, reaches, sockets } from '../support/counters.js';
import { KEPT, type Sysctls } from '../support/netns.js';
import { fileScope, type Scope, testScope } from '../support/scope.js';
import { tally } from '../support/tally.js';
import { ATTEMPTS, unhidden, type View, watched } from '../support/watch.js';

const COUNT = 2000;

const next = watched(fileScope(), 9 * ATTEMPTS);

/** Runs `COUNT` connections by these flags, waits for all closes, gives the events and what the kernel counted meanwhile. */
function churn(scope: Scope, policy: string, flags: Flags, sysctls: Sysctls = {}) {
  return unhidden(
    () => next({ ...KEPT, ...sysctls }),
    (view) => churnIn(view, scope, policy, flags),
  );
}

async function churnIn(view: View, scope: Scope, policy: string, flags: Flags) {
  const { netns } = view;
  await churnServer(scope, netns, [`127.0.0.1:9000=${policy}`, `[::1]:9000=${policy}`]);
  const grown = counting(netns);
  const client = await churnClient(scope, netns, {
    to: '127.0.0.1:9000',
    count: COUNT,
    threads: 2,
    ...flags,
  });
  const summary = await client.done();
  await client.process.exited;
  quiet(netns);
  const closed = await view.closed(2 * COUNT);
  const [out, into] = (['out', 'in'] as const).map((way) =>
    closed.filter(({ direction }) => direction === way),
  );
  return { view, netns, grown, client, summary, out: out ?? [], into: into ?? [] };
}

const entries = (events: readonly ConnectionEvent[]) =>
  events.filter(({ end }) => end === 'time-wait' || end === 'fin-wait-2');

/** How many closed how. */
const ends = (events: readonly ConnectionEvent[]) => tally(events.map(({ end }) => `${end}`));

const localEnd = ({ local }: ConnectionEvent) =>
  local.address?.includes(':') ? `[${local.address}]:${local.port}` : `${local.address}:${local.port}`;

describe('TIME_WAIT verdicts', () => {
  it.each([
    ['by close', 'peer', {}],
    ['by shutdown', 'peer', { close: 'shutdown' }],
    ['over IPv6', 'peer', { to: '[::1]:9000' }],
    ['over IPv4 in IPv6 sockets', 'peer', { mapped: true }],
  ] as const)(
    'of clients that close first %s are one per entry of the kernel, with the same tuple',
    async (_, policy, flags) => {
      const { netns, grown, out, into } = await churn(testScope(), policy, flags);
      expect(entries(out)).toHaveLength(COUNT);
      expect(entries(into)).toHaveLength(0);
      expect(grown('TcpExt.TW') + grown('TcpExt.TWKilled')).toBe(COUNT);
      const listed = sockets(netns, 'time-wait').map(({ local }) =>
        local.replace('[::ffff:127.0.0.1]', '127.0.0.1'),
      );
      expect(listed.sort()).toEqual(entries(out).map(localEnd).sort());
    },
  );

  it('lie with the server when it closes first', async () => {
    /* One thread: two may draw the same port at once, and its entry at the server would be used again. */
    const flags = { close: 'server', threads: 1 } as const;
    const { netns, grown, out, into, view } = await churn(testScope(), 'first', flags);
    expect(entries(into)).toHaveLength(COUNT);
    expect(ends(out)).toEqual({ passive: COUNT });
    expect(grown('TcpExt.TW')).toBe(COUNT);
    expect(sockets(netns, 'time-wait')).toHaveLength(COUNT);
    expect(
      view
        .flows()
        .map(({ direction, closedFirst }) => [direction, closedFirst])
        .sort(),
    ).toEqual([
      ['in', COUNT],
      ['out', 0],
    ]);
  });

  it('are absent when every close is a reset', async () => {
    const { netns, grown, out, into } = await churn(testScope(), 'peer', { close: 'reset' });
    expect([ends(out), ends(into)]).toEqual([{ aborted: COUNT }, { reset: COUNT }]);
    expect(grown('TcpExt.TW')).toBe(0);
    expect(sockets(netns, 'time-wait')).toEqual([]);
  });

  it('tell an overflown table from an entry, as often as the kernel does', async () => {
    const { netns, grown, out } = await churn(
      testScope(),
      'peer',
      {},
      { 'net.ipv4.tcp_max_tw_buckets': 500 },
    );
    const overflown = out.filter(({ end }) => end === 'overflow').length;
    expect(overflown).toBe(grown('TcpExt.TCPTimeWaitOverflow'));
    expect(overflown).toBeGreaterThan(COUNT - 600);
    expect(entries(out)).toHaveLength(COUNT - overflown);
    // The kernel compares, then counts: each processor may go one beyond.
    expect(sockets(netns, 'time-wait').length).toBeLessThanOrEqual(500 + availableParallelism());
  });
});

describe('counts', () => {
  it('equal the kernel’s opens of the namespace at both ends, the generator’s own, and its bytes', async () => {
    const { grown, summary, view, client } = await churn(testScope(), 'reply', {
      bytes: 300,
      close: 'server',
    });
    expect(summary).toMatchObject({ opened: COUNT, failed: 0 });
    const [outRow] = view.flows('out');
    expect(outRow).toMatchObject({
      opened: grown('Tcp.ActiveOpens'),
      closed: COUNT,
      bytesSent: summary.sent,
      bytesReceived: summary.received,
      process: { pid: client.pid, comm: 'churngen' },
      lowerBound: false,
    });
    const [inRow] = view.flows('in');
    expect(inRow).toMatchObject({
      opened: grown('Tcp.PassiveOpens'),
      closed: COUNT,
      bytesReceived: summary.sent,
    });
    reaches(grown, 'TcpExt.TW', COUNT);
  });

  it('of events are the same as those of rows and totals', async () => {
    const { view, out, into } = await churn(testScope(), 'peer', {});
    const established = view.events('established');
    const accepted = view.events('accepted');
    expect([established.length, accepted.length, out.length, into.length]).toEqual([
      COUNT,
      COUNT,
      COUNT,
      COUNT,
    ]);
    expect(new Set([...out, ...into].map(({ cookie }) => cookie)).size).toBe(2 * COUNT);
    expect(view.totals()).toMatchObject({ opened: 2 * COUNT, closed: 2 * COUNT, failed: 0 });
    /* An audit that met connections before their events is sure of them when the next one has passed. */
    await view.watch.until(() => view.totals()?.lowerBound === false, 'totals that are exact');
  });
});
