/**
 * Ports that run out: the victim stands in the failures, the culprit first among the holders of the budget that they name. And
 * EADDRNOTAVAIL that is no exhaustion is not called one. Each case waits in a namespace of its own, at the same time as others.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FailureRow, Quantiles } from '../../src/protocol/rows.js';
import { churnClient, churnServer, readLog } from '../support/churngen.js';
import { budgets, CALLS, fail, failures, fence, PRELUDE, python } from '../support/failing.js';
import { KEPT } from '../support/netns.js';
import { start } from '../support/process.js';
import { fileScope, type Over, testScope } from '../support/scope.js';
import { tally } from '../support/tally.js';
import { type View, watched } from '../support/watch.js';

const next = watched(fileScope(), 17);
const SERVER = '127.0.0.1:9000';

/** As settings that nobody has read when the ports run out. */
const small = (low: number, high: number) =>
  next({ 'net.ipv4.ip_local_port_range': `${low} ${high}`, ...KEPT });

const settled = (view: View, cause: string, withinMs = 5000): Promise<FailureRow> =>
  view.watch.until(() => failures(view).find((row) => row.cause === cause), cause, withinMs);

/** Who listens, and what A did, is old; B is new. */
async function exhaust(test: Over, view: View, ports: number, to = SERVER) {
  const scope = testScope(test);
  await churnServer(scope, view.netns, [`${to}=never`]);
  const culprit = await churnClient(scope, view.netns, { to, count: ports, 'hold-ms': 60_000 });
  await view.reach('established', ports);
  return { scope, culprit };
}

describe.concurrent.each(CALLS)(
  'when one process holds all ports and another is the first to fail (%s)',
  (call) => {
    it.for([
      ['IPv4', SERVER, {}],
      ['IPv6', '[::1]:9000', {}],
      ['IPv4 in IPv6', SERVER, { mapped: true }],
    ] as const)(
      'the second is the victim, the first the holder, within 5 s: %s',
      async ([, to, more], test) => {
        const view = small(40_000, 40_009);
        const { scope, culprit } = await exhaust(test, view, 10, to);
        const from = performance.now();
        const victim = await fail(scope, view, { to, count: 3, call, ...more });
        const row = await settled(view, 'ports-exhausted');
        const budget = await view.watch.until(
          () => budgets(view).find(({ key, limit }) => key === row.budget && limit === 10),
          'the budget',
        );
        expect(performance.now() - from).toBeLessThan(5000);
        expect(row).toMatchObject({ errno: 'EADDRNOTAVAIL', count: 3, process: { pid: victim.pid } });
        expect(failures(view)).toHaveLength(1);
        expect(budget).toMatchObject({ kind: 'tuple', used: 10, free: 0, exhaustionSeconds: 0 });
        expect(budget.holders[0]).toMatchObject({ ports: 10, process: { pid: culprit.pid } });
        await culprit.stop();
      },
    );
  },
);

describe.concurrent('ports are exhausted, too,', () => {
  it('when an odd range hides its last one', async (test) => {
    const view = small(40_000, 40_004);
    const { scope, culprit } = await exhaust(test, view, 4);
    const others = await churnClient(scope, view.netns, { to: SERVER, count: 5, 'stop-on-error': true });
    await others.done();
    const row = await settled(view, 'ports-exhausted');
    expect(row).toMatchObject({ errno: 'EADDRNOTAVAIL', process: { pid: others.pid } });
    await culprit.stop();
  });

  it('when bind() has blocked them, though nothing holds a port toward that destination', async (test) => {
    const view = small(40_000, 40_003);
    const scope = testScope(test);
    const code = `import socket, sys
kept = [socket.socket() for _ in range(4)]
for s in kept: s.bind(("127.0.0.1", 0))
print("held"); sys.stdin.read()`;
    const holder = await start(scope, ['python3', '-u', '-c', code], { netns: view.netns });
    await holder.printed(/held/);
    const victim = await fail(scope, view, { to: SERVER, count: 2 });
    const row = await settled(view, 'ports-exhausted');
    expect(row).toMatchObject({ count: 2, process: { pid: victim.pid } });
    const budget = await view.watch.until(
      () => budgets(view).find(({ key, blocked }) => key === row.budget && blocked === 4),
      'the budget',
    );
    expect(budget).toMatchObject({ used: 0, limit: 4, free: 0 });
    holder.closeInput();
  });

  it('when only TIME_WAIT entries hold them', async (test) => {
    const view = small(40_000, 40_009);
    const scope = testScope(test);
    await churnServer(scope, view.netns, [SERVER]);
    const culprit = await churnClient(scope, view.netns, { to: SERVER, count: 10 });
    await culprit.done();
    await culprit.process.exited;
    const victim = await fail(scope, view, { to: SERVER, count: 1 });
    const row = await settled(view, 'ports-exhausted');
    expect(row.process.pid).toBe(victim.pid);
    const budget = budgets(view).find(({ key }) => key === row.budget);
    expect(budget).toMatchObject({ timeWait: 10, holders: [{ ports: 10, process: { pid: culprit.pid } }] });
  });
});

describe.concurrent('EADDRNOTAVAIL is no exhaustion', () => {
  it('when the socket may use a part of the range only', async (test) => {
    const view = next();
    const scope = testScope(test);
    await churnServer(scope, view.netns, [`${SERVER}=never`]);
    const code = `kept = []
for _ in range(3):
    s = socket.socket(*TCP); s.setsockopt(socket.IPPROTO_IP, 51, struct.pack("I", 40001 << 16 | 40000)); kept.append(s)
    attempt(lambda: s.connect(("127.0.0.1", 9000)))`;
    const { pid, stdout, events } = await python(scope, view, code);
    expect(stdout).toBe('EADDRNOTAVAIL\ndone\n');
    expect(events).toMatchObject([{ errno: 'EADDRNOTAVAIL', cause: 'other' }]);
    const [row] = failures(view).filter(({ errno }) => errno === 'EADDRNOTAVAIL');
    expect(row).toMatchObject({ cause: 'other', count: 1, budget: null, process: { pid } });
  });

  it('when the socket’s own port is taken toward that destination', async (test) => {
    const view = next();
    const scope = testScope(test);
    await churnServer(scope, view.netns, [`${SERVER}=never`]);
    const flags = { to: SERVER, bind: '127.0.0.1:40000', 'reuse-address': true } as const;
    const holder = await churnClient(scope, view.netns, { ...flags, count: 1, 'hold-ms': 60_000 });
    await view.reach('established', 1);
    const victim = await fail(scope, view, { ...flags, count: 2 });
    const want = { cause: 'tuple-in-use', count: 2, budget: null, process: { pid: victim.pid } };
    expect(failures(view)).toMatchObject([want]);
    await holder.stop();
  });
});

/** Holds two ports of the range for good, and fails for other reasons than the 198 that are left, until the churn is over. */
const OTHERS = `server = socket.create_server(("127.0.0.1", 9001))
def bound(port, to=9000):
    s = socket.socket(*TCP); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("127.0.0.1", port))
    kept.append(s); s.connect(("127.0.0.1", to))
def own_range():
    s = socket.socket(*TCP); s.setsockopt(socket.IPPROTO_IP, 51, struct.pack("I", 40001 << 16 | 40000))
    kept.append(s); s.connect(("127.0.0.1", 9000))
kept = []; bound(40000); bound(40001)
print("ready")
for line in sys.stdin:
    attempt(own_range)
    attempt(lambda: bound(40000))
    attempt(lambda: socket.socket(socket.AF_INET6).connect(("::1", 9000)))
    print("round")
    if line == "end\\n": break
def device():
    s = socket.socket(*TCP); s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo"); kept.append(s)
    s.connect(("127.0.0.1", 9000))
attempt(device)
print("done")`;

describe.concurrent('while ports run out', () => {
  it('every failure has its cause at once and for good, whatever others fail for beside it', async (test) => {
    const scope = testScope(test);
    const view = next({
      'net.ipv4.ip_local_port_range': '40000 40199',
      ...KEPT,
      'net.ipv6.conf.all.disable_ipv6': 1,
    });
    await churnServer(scope, view.netns, [`${SERVER}=never`]);
    const others = await start(scope, ['python3', '-u', '-c', `${PRELUDE}${OTHERS}`], { netns: view.netns });
    await others.printed(/^ready$/m);
    /* They hold and give back: at most moments some of the 198 are free. */
    const churn = { to: SERVER, 'hold-ms': 300, close: 'reset', threads: 4, seconds: 3, rate: 900 } as const;
    const client = await churnClient(scope, view.netns, { ...churn, count: 1_000_000 });
    const before = new Map<string, number>();
    let rounds = 0;
    while (client.process.stdout === '') {
      others.write('next\n');
      rounds += 1;
      await others.until(() => others.stdout.split('round').length > rounds, 'fail', 10_000);
      for (const { key, count } of failures(view)) {
        expect(count, key).toBeGreaterThanOrEqual(before.get(key) ?? 0);
        before.set(key, count);
      }
    }
    const { errors } = await client.done();
    const holder = await churnClient(scope, view.netns, { to: SERVER, count: 198, 'hold-ms': 60_000 });
    const held = () =>
      budgets(view).some(({ destination, used }) => destination.port === 9000 && used === 200);
    await view.watch.until(held, 'all ports held');
    others.write('end\n');
    await others.printed(/^done$/m);
    await fence(scope, view);
    const refused = errors.EADDRNOTAVAIL ?? 0;
    expect(refused).toBeGreaterThan(300);
    expect([...before.keys()].every((key) => failures(view).some((row) => row.key === key))).toBe(true);
    rounds += 1;
    const told = tally(
      failures(view).flatMap(({ cause, count, process }) =>
        Array.from({ length: count }, () => `${process.comm} ${cause}`),
      ),
    );
    expect(told).toEqual({
      'churngen ports-exhausted': refused,
      'churngen refused': 1,
      'python3 other': rounds,
      'python3 tuple-in-use': rounds,
      'python3 no-source-address': rounds,
      'python3 ports-exhausted': 1,
    });
    const events = tally(view.events('failed').map(({ process, cause }) => `${process.comm} ${cause}`));
    expect(events).toEqual(told);
    await holder.stop();
  });
});

describe('connect latency', () => {
  it('is that of the call, the search for a port included, and grows once half of the range is gone', async () => {
    const view = small(30_000, 37_999);
    const scope = testScope();
    await churnServer(scope, view.netns, [SERVER]);
    const log = join(scope.directory(), 'log');
    const before = await churnClient(scope, view.netns, { to: SERVER, count: 3500 });
    await before.done();
    const after = await churnClient(scope, view.netns, { to: SERVER, count: 4000, log });
    await after.done();
    await view.reach('established', 7500);
    const [early, late] = [before, after].map(({ pid }) => connectMs(view, pid)) as [Quantiles, Quantiles];
    expect(late.p50).toBeGreaterThan(2 * (early.p50 as number));
    const calls = readLog(log).map(({ startNs, openNs }) => Number(openNs - startNs) / 1e6);
    const median = calls.sort((a, b) => a - b)[calls.length / 2] as number;
    expect(late.p50).toBeGreaterThan(0.7 * median);
    expect(late.p50).toBeLessThan(1.1 * median);
  });
});

const connectMs = (view: View, pid: number) =>
  view.flows('out').find(({ process }) => process.pid === pid)?.connectMs;
