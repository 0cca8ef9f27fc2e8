import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fillRates, Growth } from '../../../src/diagnose/actor-rates.js';
import { KINDS } from '../../../src/diagnose/incidents/finding-parts.js';
import { RULES } from '../../../src/diagnose/rules/index.js';
import type { Actor, Candidate, Facts, Tables } from '../../../src/diagnose/types.js';
import type { BudgetRow, FailureRow } from '../../../src/protocol/rows.js';
import { proc } from '../publish/rows.js';
import { actor, budget, FACTS, failure, INSIDE, NETNS, NOW, PLACE, tables, totals } from './world.js';

/** What one rule says. */
function reported(rule: string, given: Partial<Tables>, facts: Partial<Facts> = {}): Candidate[] {
  const apply = RULES[rule];
  if (apply === undefined) throw new Error(`no rule ${rule}`);
  return apply(tables(given), { ...FACTS, ...facts });
}

/** Everything that somebody should act on, of all rules. */
function alarms(given: Partial<Tables>): Candidate[] {
  const world = tables(given);
  return Object.values(RULES)
    .flatMap((rule) => rule(world, FACTS))
    .filter(({ severity }) => severity !== 'info');
}

const churn = (parts: Partial<Actor>, more: Partial<Tables> = {}) =>
  reported('connection-churn', { actors: [actor(parts)], budgets: [budget()], ...more });

describe('every rule', () => {
  it.each(Object.keys(RULES))('%s has a page that names it', (rule) => {
    const page = `docs/findings/${rule}.md`;
    expect(existsSync(page)).toBe(true);
    expect(readFileSync(page, 'utf8')).toContain(rule);
  });

  it('is the rule of each page', () => {
    expect(readdirSync('docs/findings').sort()).toEqual(
      Object.keys(RULES)
        .map((rule) => `${rule}.md`)
        .sort(),
    );
  });

  it('says which incidents its findings are about, none included', () => {
    expect(Object.keys(KINDS).sort()).toEqual(Object.keys(RULES).sort());
  });

  it.each(Object.keys(RULES))('%s has its cases in this file', (rule) => {
    expect(readFileSync(fileURLToPath(import.meta.url), 'utf8')).toContain(`\ndescribe('${rule}', `);
  });

  it('is silent on an idle machine', () => {
    const world = tables();
    expect(Object.values(RULES).flatMap((rule) => rule(world, FACTS))).toEqual([]);
  });
});

describe('programs that are configured well', () => {
  const quiet = { openPerSec: 0, timeWait: 0, lifetimeMs: null, firstShare: null };
  it.each<[string, Partial<Actor>, object]>([
    [
      'a keep-alive HTTP client',
      { ...quiet, established: 50, steady: 50, portsHeld: 50, opened: 50 },
      { used: 50 },
    ],
    [
      'a pool that renews its connections',
      {
        openPerSec: 0.2,
        established: 20,
        steady: 18,
        portsHeld: 30,
        timeWait: 10,
        opened: 90,
        lifetimeMs: 600_000,
      },
      { used: 30 },
    ],
    [
      'a browser that opens six at once',
      { openPerSec: 2, established: 6, portsHeld: 46, timeWait: 40, opened: 60, lifetimeMs: 8000 },
      { used: 46 },
    ],
    [
      'twelve thousand long-lived connections',
      { ...quiet, established: 12_000, steady: 12_000, portsHeld: 12_000, opened: 12_000 },
      { used: 12_000, timeWait: 0, established: 12_000 },
    ],
    [
      'a health check each second',
      { openPerSec: 1, established: 0, portsHeld: 60, timeWait: 60, opened: 900 },
      { used: 60 },
    ],
  ])('%s makes nobody act', (_, parts, held) => {
    expect(alarms({ actors: [actor(parts)], budgets: [budget(held)] })).toEqual([]);
  });
});

describe('connection-churn', () => {
  it('names the process, the destination, the rate and who pays; the first fix is the application’s', () => {
    const [finding, ...rest] = churn({});
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'warning',
      confidence: 'high',
      destination: PLACE,
      process: { pid: 4242, comm: 'node' },
      title:
        'node (pid 4242) opens 300 connections/s to 10.0.0.9:8080; it closes them itself, and each holds a port for 60 s',
      doNow: [],
      fixForGood: [
        { language: 'javascript', snippet: expect.stringContaining('keepAlive: true') },
        { language: 'javascript', snippet: expect.stringContaining("await fetch('http://10.0.0.9:8080/')") },
      ],
      findLine: [{ language: 'shell', snippet: expect.stringContaining('=== 8080') }],
    });
    expect(finding?.evidence).toContainEqual({ text: 'ports there are', value: 28_232 });
  });

  it('is info when the server closes first: no port is held', () => {
    const [finding] = churn(
      { firstShare: 0, timeWait: 0, portsHeld: 1 },
      { budgets: [budget({ used: 1, timeWait: 0 })] },
    );
    expect(finding).toMatchObject({ severity: 'info', doNow: [] });
    expect(finding?.title).toContain('the server closes them or a reset ends them, so no local port is held');
  });

  it('is info while the rate would never hold a twentieth of the ports', () => {
    expect(
      churn({ openPerSec: 20, timeWait: 1200, portsHeld: 1201 }, { budgets: [budget({ used: 1201 })] })[0]
        ?.severity,
    ).toBe('info');
  });

  it('is info where connect() takes TIME_WAIT over after a second', () => {
    const budgets = [budget({ reuse: 'after-delay', used: 6001 })];
    expect(churn({ openPerSec: 100, timeWait: 6000, portsHeld: 6001 }, { budgets })[0]?.severity).toBe(
      'info',
    );
  });

  it('stays when opens fall because ports are out, and weighs what was asked for', () => {
    const few = { openPerSec: 0.4, busySeconds: 1, portsHeld: 1950, timeWait: 1940 };
    const out = { limit: 2000, used: 2000, free: 0, exhaustionSeconds: 0, openPerSec: 0.5 };
    const [finding] = churn(few, { budgets: [budget({ ...out, demandPerSec: 120.5 })] });
    expect(finding).toMatchObject({ severity: 'critical' });
    expect(finding?.title).toContain(
      'tries 117 connections/s to 10.0.0.9:8080, and 0.4 of them find a port; it closes them itself',
    );
    expect(finding?.evidence).toContainEqual({ text: 'connections asked for per second', value: 120.5 });
    const eased = { ...out, used: 100, free: 1900, exhaustionSeconds: null, demandPerSec: 120.5 };
    const [after] = churn({ ...few, portsHeld: 98, timeWait: 97 }, { budgets: [budget(eased)] });
    expect(after).toMatchObject({ severity: 'warning' });
  });

  it('is not said to hold more ports than there are: after an undo of a wider range some lie outside of it', () => {
    const out = { limit: 1000, used: 1039, free: 0, exhaustionSeconds: 0, openPerSec: 0, demandPerSec: 0.5 };
    const stuck = { openPerSec: 0, busySeconds: 0, portsHeld: 1039, timeWait: 1039, lifetimeMs: null };
    expect(churn(stuck, { budgets: [budget(out)] })[0]?.title).toMatch(
      /; its TIME_WAIT entries hold 1,039 ports, some of them outside of the range of 1,000$/,
    );
  });

  it('goes on while its entries hold all ports and next to nothing is asked for any more, but does not begin so', () => {
    const out = { limit: 2000, used: 2000, free: 0, exhaustionSeconds: 0, openPerSec: 0, demandPerSec: 0.5 };
    const stuck = { openPerSec: 0, busySeconds: 0, portsHeld: 1950, timeWait: 1940, lifetimeMs: null };
    const [finding] = churn(stuck, { budgets: [budget(out)] });
    expect(finding).toMatchObject({
      ...{ onlyGoesOn: true, severity: 'critical' },
      title:
        'node (pid 4242) opened connections to 10.0.0.9:8080 until no port was left; its TIME_WAIT entries hold 1,940 of the 2,000 ports',
    });
    const busy = churn({ ...stuck, openPerSec: 20, busySeconds: 9 }, { budgets: [budget(out)] });
    expect(busy).toMatchObject([{ onlyGoesOn: false }]);
    const eased = { ...out, used: 1950, free: 50, exhaustionSeconds: null };
    expect(churn(stuck, { budgets: [budget(eased)] })).toEqual([]);
    expect(churn({ ...stuck, timeWait: 300 }, { budgets: [budget(out)] })).toEqual([]);
    const [bypass] = reported('pool-bypassed', {
      actors: [actor({ ...stuck, steady: 3 })],
      budgets: [budget(out)],
    });
    expect(bypass?.title).toContain(
      'keeps 3 connections to 10.0.0.9:8080 open and opened others until no port',
    );
    expect(churn({ ...stuck, lifetimeMs: 60_000 }, { budgets: [budget(out)] })).toEqual([]);
  });

  it('says who closes when nothing has closed for ten seconds, since no port is left', () => {
    const growth = new Growth(4);
    const stuck = actor({ opened: 200, closed: 200, closedFirst: 200, openPerSec: 0, lifetimeMs: null });
    for (const second of [0, 1, 2]) fillRates(growth, [stuck], NOW + second * 1000);
    const out = { limit: 200, used: 200, free: 0, exhaustionSeconds: 0, openPerSec: 0, demandPerSec: 40 };
    const [finding] = churn({ ...stuck, portsHeld: 200, timeWait: 200 }, { budgets: [budget(out)] });
    expect(finding?.title).toContain(
      'tries 40.0 connections/s to 10.0.0.9:8080, and 0 of them find a port; it closes them itself',
    );
    expect(finding?.evidence).toContainEqual({ text: 'closed by this side', value: '100 %' });
  });

  it('is critical for whoever fills a budget that runs out, and gives headroom with undo and effect', () => {
    const budgets = [budget({ used: 27_000, exhaustionSeconds: 20 })];
    const [finding] = churn({ portsHeld: 26_900, timeWait: 26_800 }, { budgets });
    expect(finding?.severity).toBe('critical');
    expect(finding?.doNow).toEqual([
      expect.objectContaining({
        command: 'sysctl -w net.ipv4.tcp_tw_reuse="1"',
        undo: 'sysctl -w net.ipv4.tcp_tw_reuse="2"',
      }),
      expect.objectContaining({
        command: 'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
        undo: 'sysctl -w net.ipv4.ip_local_port_range="32768 60999"',
        effect: expect.stringMatching(/./),
        persistence: expect.stringContaining('/etc/sysctl.d/'),
      }),
    ]);
  });

  it('does not blame who holds little of a full budget', () => {
    const budgets = [budget({ used: 27_000, exhaustionSeconds: 20 })];
    expect(churn({ portsHeld: 100, timeWait: 99, openPerSec: 6 }, { budgets })[0]?.severity).toBe('info');
  });

  it('enters another namespace by its inode, and never by a name that a shell would run', () => {
    const budgets = [budget({ used: 27_000, exhaustionSeconds: 20 })];
    const commands = (name: string, process: Partial<ReturnType<typeof proc>>) =>
      churn(
        { portsHeld: 26_900, process: proc(process) },
        { budgets, totals: [totals({ name })] },
      )[0]?.doNow.map((one) => one.command);
    expect(commands('blue', { pid: 4242 })?.[0]).toMatch(/^nsenter --net="\$\(find [^"]*\)" sysctl /);
    expect(commands('blue', { pid: null, parent: { pid: null, comm: 'sh' } })?.[0]).toMatch(
      /^ip netns exec blue sysctl /,
    );
    const byInode =
      /^nsenter --net="\$\(find -L \/proc\/\[0-9\]\*\/ns\/net -inum \d+ -print -quit 2>\/dev\/null\)" sysctl /;
    expect(commands('$(reboot)', { pid: null, parent: { pid: null, comm: 'sh' } })?.[0]).toMatch(byInode);
    expect(commands('blue', { pid: 7, exited: true, parent: { pid: 900, comm: 'sh' } })?.[0]).toMatch(
      byInode,
    );
  });

  it('prints no command for a namespace of which nothing is known: it would change the host', () => {
    const budgets = [budget({ used: 28_232, exhaustionSeconds: 0 })];
    const found = RULES['port-exhaustion']?.(tables({ actors: [actor()], budgets, totals: [] }), FACTS);
    expect(found?.flatMap(({ doNow }) => doNow.map(({ command }) => command)).filter(Boolean)).toEqual([]);
  });

  it('names a program and its parent where many processes do it', () => {
    const process = proc({
      pid: null,
      comm: 'curl',
      exe: '/usr/bin/curl',
      parent: { pid: 900, comm: 'sh' },
      exited: true,
    });
    const [finding] = churn({ process, program: 'curl (sh storm.sh)', processes: 64 });
    expect(finding).toMatchObject({
      program: 'curl (sh storm.sh)',
      process: { pid: null, parent: { pid: 900 } },
    });
    expect(finding?.title).toMatch(/^curl \(sh storm\.sh\) opens /);
    expect(finding?.fixForGood[0]?.text).toContain('One process per request');
  });

  it('never advises tcp_tw_recycle', () => {
    const full = {
      actors: [actor()],
      budgets: [budget({ used: 28_000, exhaustionSeconds: 0 })],
      failures: [failure()],
    };
    const world = tables(full);
    const all = Object.values(RULES).flatMap((rule) => rule(world, FACTS));
    expect(all.length).toBeGreaterThan(2);
    expect(JSON.stringify(all)).not.toContain('recycle');
  });
});

describe('pool-bypassed', () => {
  it('is told instead of churn when the process keeps a pool to the same destination', () => {
    const actors = [actor({ established: 11, steady: 10 })];
    expect(reported('connection-churn', { actors, budgets: [budget()] })).toEqual([]);
    const [finding] = reported('pool-bypassed', { actors, budgets: [budget()] });
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'high', process: { pid: 4242 } });
    expect(finding?.title).toContain(
      'keeps 10 connections to 10.0.0.9:8080 open and opens 300/s beside them',
    );
  });

  it('is less sure of one connection', () => {
    const [finding] = reported('pool-bypassed', {
      actors: [actor({ established: 2, steady: 1 })],
      budgets: [budget()],
    });
    expect(finding?.confidence).toBe('medium');
  });
});

describe('port-exhaustion', () => {
  const given = (parts: object, failures = [failure()]) =>
    reported('port-exhaustion', { actors: [actor()], budgets: [budget(parts)], failures })[0];

  it('names who holds the ports and who suffers', () => {
    const finding = given({ used: 28_232, exhaustionSeconds: 0 });
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', process: { pid: 4242 } });
    expect(finding?.title).toBe(
      'No local port is left for 10.0.0.9:8080; node (pid 4242) holds most of them',
    );
    expect(finding?.evidence).toContainEqual({
      text: 'calls of connect() by java (pid 77) that failed with EADDRNOTAVAIL',
      value: '3,120, now 312/s',
    });
  });

  it('asks what-if about its own namespace', () => {
    const snippet = (parts: object) =>
      given({ used: 28_232, exhaustionSeconds: 0, ...parts })?.fixForGood.at(-1)?.snippet;
    expect(snippet({})).toBe(`portchurn what-if --filter 'dst:10.0.0.9:8080 netns:${NETNS}' --sources 2`);
    expect(snippet({ netns: null })).toBe("portchurn what-if --filter 'dst:10.0.0.9:8080' --sources 2");
    const v6 = { destination: { address: '2001:db8::1', port: 443 } };
    expect(snippet(v6)).toContain(`--filter 'dst:[2001:db8::1]:443 netns:${NETNS}' `);
  });

  it('counts down while ports are left', () => {
    const finding = given({ used: 20_000, exhaustionSeconds: 130 }, []);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium' });
    expect(finding?.title).toContain('run out in 2 min 10 s (14:04:41)');
  });

  it('is silent while nothing is near', () => {
    expect(given({ used: 9000 })).toBeUndefined();
  });

  it('sees ports that connect() takes over run out for a part of each second', () => {
    const taken = { used: 28_232, timeWait: 28_000, reuse: 'after-delay' };
    const finding = given(taken);
    expect(finding).toMatchObject({ severity: 'critical', confidence: 'high', process: { pid: 4242 } });
    expect(finding?.title).toBe(
      'Calls find no local port for 10.0.0.9:8080 at times; node (pid 4242) holds most of them',
    );
    expect(given(taken, [])).toBeUndefined();
  });
});

describe('ports that bind() of another program blocks', () => {
  const binder = proc({ pid: 8, comm: 'binder.py', name: 'binder.py' });
  const elsewhere = { address: '10.0.0.9', port: 5000 };
  const binds = actor({
    key: 'binder',
    process: binder,
    destination: elsewhere,
    bound: 2000,
    portsHeld: 2000,
  });
  const victim = actor({ portsHeld: 33, timeWait: 33 });
  const full = { limit: 2000, used: 33, blocked: 2000, free: 0, exhaustionSeconds: 0 };
  const given = (rule: string, blockers: BudgetRow['blockers']) =>
    reported(rule, {
      actors: [victim, binds],
      budgets: [budget({ ...full, blockers })],
      totals: [totals({ portRange: [40_000, 41_999] })],
      failures: [failure()],
    });

  it('are held by that one, whose bind() is to be mended, not by who finds none', () => {
    const [finding] = given('port-exhaustion', [{ process: binder, ports: 2000 }]);
    expect(finding?.title).toBe(
      'No local port is left for 10.0.0.9:8080; bind() of binder.py (pid 8) blocks most of them',
    );
    expect(finding?.fixForGood[0]?.text).toContain('bind()');
    expect(finding?.findLine).toEqual([]);
  });

  it('are held by nobody where that is not known', () => {
    const [finding] = given('port-exhaustion', []);
    expect(finding?.title).toContain('; bind() of other programs blocks most of them');
    expect(finding?.process.pid).toBeNull();
  });

  it('are not what a narrow range lacks for the victim', () => {
    expect(given('narrow-port-range', [{ process: binder, ports: 2000 }])).toEqual([]);
  });
});

describe('bind-before-connect', () => {
  const pool = budget({ kind: 'bind-pool', key: 'p', limit: 1000, used: 400 });
  const binds = (bound: number, more: Partial<Tables> = {}) =>
    reported('bind-before-connect', { actors: [actor({ bound })], budgets: [pool], ...more })[0];

  it('says that the ports are lost to every destination, and how to bind late', () => {
    const finding = binds(400);
    expect(finding?.severity).toBe('warning');
    expect(finding?.title).toContain('400 ports are lost to every destination of this namespace');
    expect(finding?.fixForGood[0]?.text).toContain('localAddress');
  });

  it('is critical when calls fail for it, info for a few ports', () => {
    expect(
      binds(400, { failures: [failure({ cause: 'bind-pool-exhausted', call: 'bind', errno: 'EADDRINUSE' })] })
        ?.severity,
    ).toBe('critical');
    expect(binds(20)?.severity).toBe('info');
    expect(binds(5)).toBeUndefined();
  });
});

describe('port-exhaustion of a bind pool', () => {
  it('tells who binds to leave the port open, and to keep connections where most are', () => {
    const place = { address: '10.0.0.7', port: 5432 };
    const server = actor({
      direction: 'in',
      destination: place,
      process: proc({ pid: 3, comm: 'postgres', exe: '/usr/bin/postgres' }),
    });
    const pool = budget({ kind: 'bind-pool', key: 'p', limit: 1000, used: 1000, exhaustionSeconds: 0 });
    const actors = [actor({ bound: 20 }), actor({ key: 'b', bound: 900, destination: place }), server];
    const [finding] = reported('port-exhaustion', { actors, budgets: [pool] });
    const [first, second] = finding?.fixForGood ?? [];
    expect(first?.text).toContain('localAddress');
    expect(second?.snippet).toContain("host: '10.0.0.7', port: 5432");
    expect(second?.text).not.toContain('is usual');
    expect(finding?.destination).toMatchObject({ address: null, port: null });
  });
});

describe('narrow-port-range', () => {
  const narrow = totals({ portRange: [40_000, 40_298], reservedPorts: 0 });
  const range = (parts: Partial<Actor>, used: number) =>
    reported('narrow-port-range', {
      actors: [actor(parts)],
      budgets: [budget({ limit: 299, used, exhaustionSeconds: 10 })],
      totals: [narrow],
    })[0];

  it('is the cause where the default range would do, and gives the setting and its undo', () => {
    const finding = range({ openPerSec: 6, timeWait: 270, portsHeld: 271 }, 271);
    expect(finding).toMatchObject({
      severity: 'critical',
      priority: 10,
      process: { pid: 4242 },
      destination: PLACE,
    });
    expect(finding?.title).toContain('Only 299 local ports are allowed here (the default is 28,232)');
    expect(finding?.doNow[0]?.undo).toContain('"40000 40298"');
    expect(finding?.fixForGood[0]?.language).toBe('javascript');
    expect(finding?.evidence).toContainEqual({
      text: 'the range has an odd size',
      value: 'connect() may miss one port more',
    });
  });

  it('goes behind the churn that would fill any range', () => {
    expect(range({}, 280)?.priority).toBeGreaterThan(40);
  });

  it('is silent while nobody feels it', () => {
    expect(
      reported('narrow-port-range', {
        actors: [actor({ portsHeld: 5 })],
        budgets: [budget({ limit: 299, used: 5 })],
        totals: [narrow],
      }),
    ).toEqual([]);
  });
});

describe('tcp-tw-reuse', () => {
  const answer = (parts: object, settings: object) =>
    reported('tcp-tw-reuse', {
      budgets: [budget({ used: 27_000, ...parts })],
      totals: [totals(settings)],
    })[0];

  it.each([
    [{}, { tcpTwReuse: 2 }, /could help .*loopback addresses only/, 1],
    [{}, { tcpTwReuse: 0, tcpTimestamps: 0 }, /cannot help while tcp_timestamps is 0/, 0],
    [{ timeWait: 100 }, { tcpTwReuse: 0 }, /cannot help: only 100 of the ports held are in TIME_WAIT/, 0],
  ])('%j with %j: %s', (parts, settings, words, remedies) => {
    const finding = answer(parts, settings);
    expect(finding?.severity).toBe('info');
    expect(finding?.title).toMatch(words);
    expect(finding?.doNow).toHaveLength(remedies);
  });
});

it('tcp-tw-reuse cannot help where bind() chose the ports', () => {
  const row = budget({ used: 27_000, bound: 20_000 });
  const tables = { actors: [actor({ bound: 20_000 })], budgets: [row], totals: [totals({ tcpTwReuse: 0 })] };
  expect(reported('tcp-tw-reuse', tables)).toMatchObject([
    { title: expect.stringContaining('cannot help: bind() chose most of the ports'), doNow: [] },
  ]);
});

describe('time-wait-overflow', () => {
  it('names who begins the closes and says that counts are too low', () => {
    const [finding] = reported(
      'time-wait-overflow',
      {
        actors: [actor(), actor({ key: 'b', direction: 'in', firstShare: 0 })],
        totals: [totals({ tcpMaxTwBuckets: 1000 })],
      },
      { overflowPerSec: new Map([['1', 280]]) },
    );
    expect(finding).toMatchObject({ severity: 'warning', process: { pid: 4242 } });
    expect(finding?.doNow[0]).toMatchObject({
      command: 'sysctl -w net.ipv4.tcp_max_tw_buckets="262144"',
      undo: 'sysctl -w net.ipv4.tcp_max_tw_buckets="1000"',
    });
  });
});

describe('close-wait-leak', () => {
  it('blames who does not close, and never offers a kernel setting', () => {
    const [finding] = reported('close-wait-leak', {
      actors: [actor({ direction: 'in', closeWait: 25, established: 2 })],
    });
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'high', process: { pid: 4242 } });
    expect(finding?.doNow).toEqual([
      expect.objectContaining({ command: 'systemctl restart worker.service' }),
    ]);
    expect(finding?.fixForGood[0]?.snippet).toContain("socket.on('end'");
  });

  it('is silent on the few that are only late', () => {
    expect(reported('close-wait-leak', { actors: [actor({ closeWait: 19 })] })).toEqual([]);
  });
});

describe('fin-wait-2', () => {
  it('is where tcp_fin_timeout matters', () => {
    const [finding] = reported('fin-wait-2', {
      actors: [actor({ finWait2: 400, timeWait: 420 })],
      budgets: [budget()],
    });
    expect(finding).toMatchObject({
      severity: 'info',
      doNow: [expect.objectContaining({ command: 'sysctl -w net.ipv4.tcp_fin_timeout="15"' })],
    });
    expect(reported('fin-wait-2', { actors: [actor({ finWait2: 120, timeWait: 9000 })] })).toEqual([]);
  });
});

describe('address-not-available', () => {
  it.each([
    ['no-source-address', 1, 'info', /no address to reach it from/],
    ['tuple-in-use', 5, 'warning', /that very connection exists already/],
    ['foreign-address', 1, 'warning', /does not have/],
  ] as const)('%s at %d/s is %s', (cause, perSec, severity, words) => {
    const [finding] = reported('address-not-available', { failures: [failure({ cause, perSec })] });
    expect(finding?.severity).toBe(severity);
    expect(finding?.title).toMatch(words);
    expect(finding?.title).toContain('ports are not the reason');
  });

  it('leaves exhaustion to its own rule', () => {
    expect(reported('address-not-available', { failures: [failure()] })).toEqual([]);
  });
});

describe('server-time-wait', () => {
  it('is info, holds no port, and names the client when it is local', () => {
    const server = actor({
      key: 's',
      direction: 'in',
      process: proc({ pid: 80, comm: 'nginx', exe: '/usr/sbin/nginx' }),
      timeWait: 18_000,
    });
    const [finding] = reported('server-time-wait', {
      actors: [server, actor({ timeWait: 0, firstShare: 0 })],
    });
    expect(finding?.severity).toBe('info');
    expect(finding?.title).toMatch(
      /^nginx \(pid 80\) closes first .* which take no ephemeral port; node \(pid 4242\) causes it$/,
    );
    expect(finding?.fixForGood[0]?.language).toBe('javascript');
  });
});

describe('retry-storm', () => {
  it('adds up the processes of a loop', () => {
    const loop = (pid: number) =>
      failure({
        key: `f${pid}`,
        cause: 'refused',
        errno: 'ECONNREFUSED',
        perSec: 1,
        count: 1,
        process: proc({ pid, comm: 'curl', exe: '/usr/bin/curl', parent: { pid: 9, comm: 'sh' } }),
        program: 'curl (loop.sh)',
      });
    const [finding, ...rest] = reported('retry-storm', { failures: [1, 2, 3, 4, 5, 6].map(loop) });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', program: 'curl (loop.sh)', process: { pid: null } });
    expect(finding?.evidence).toContainEqual({ text: 'pids', value: '1, 2, 3, 4, 5, 6' });
    expect(finding?.title).toBe(
      'curl (loop.sh) tries 10.0.0.9:8080 6.0 times a second and fails: nobody listens there',
    );
    const past = {
      perSec: 0,
      count: 500,
      process: proc({ pid: null, comm: 'curl', exe: '/usr/bin/curl', parent: { pid: 9, comm: 'sh' } }),
    };
    const ended = (parts: Partial<FailureRow>) => ({ ...loop(7), ...past, ...parts });
    const elsewhere = ended({ destination: { address: '10.0.0.8', port: 8080 } });
    const [all] = reported('retry-storm', {
      failures: [ended({}), ...[1, 2, 3, 4, 5, 6].map(loop), elsewhere],
    });
    expect(all?.evidence).toContainEqual({ text: 'failed connects', value: '506' });
    expect(all?.evidence).toContainEqual({ text: 'per second', value: 6 });
    expect(all?.evidence).toContainEqual({ text: 'pids', value: '1, 2, 3, 4, 5, 6 and others' });
  });

  it.each<[FailureRow['cause'], string, string[]]>([
    ['refused', '127.0.0.1', [`${INSIDE}ss -Htlnp 'sport = :8080'`]],
    ['refused', '10.0.0.9', ["ss -Htlnp 'sport = :8080'"]],
    ['unreachable', '10.0.0.9', [`${INSIDE}ip route get 10.0.0.9`]],
    ['reset', '10.0.0.9', []],
  ])(
    'looks in the namespace of the program, unless another host refuses: %s, %s',
    (cause, address, commands) => {
      const failures = [failure({ cause, perSec: 6, destination: { address, port: 8080 } })];
      const [finding] = reported('retry-storm', { failures, totals: [totals({ name: 'blue' })] });
      expect(finding?.doNow.map(({ command }) => command)).toEqual(commands);
    },
  );
});

describe('slow-connect', () => {
  it('warns past half of the range, unless TIME_WAIT ports are taken over', () => {
    expect(
      reported('slow-connect', { actors: [actor()], budgets: [budget({ used: 15_000 })] })[0]?.severity,
    ).toBe('warning');
    expect(
      reported('slow-connect', {
        actors: [actor()],
        budgets: [budget({ used: 15_000, reuse: 'after-delay' })],
      }),
    ).toEqual([]);
    expect(reported('slow-connect', { actors: [actor()], budgets: [budget({ used: 13_000 })] })).toEqual([]);
  });
});

const OTHER = { netns: 4_026_532_999, netnsId: '4026532999' };
const silent = (parts: Partial<FailureRow> = {}) =>
  failure({
    cause: 'aborted',
    errno: null,
    budget: null,
    count: 160,
    perSec: 16,
    unanswered: 160,
    unansweredPerSec: 16,
    waitedMs: 1003,
    ...parts,
  });
/** Given up before the kernel tried again. */
const brief = (parts: Partial<FailureRow> = {}) =>
  silent({ unanswered: 0, unansweredPerSec: 0, waitedMs: 502, ...parts });

describe('no-answer', () => {
  it('tells attempts that a program gave up unanswered, with how long it waited', () => {
    const [finding, ...rest] = reported('no-answer', { failures: [silent()] });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', destination: PLACE, process: { pid: 77 } });
    expect(finding?.title).toBe(
      '10.0.0.9:8080 does not answer: 16.0 attempts/s, given up after 1 s, by java (pid 77)',
    );
    expect(finding?.doNow[0]?.command).toContain('ip route get 10.0.0.9');
  });

  it('tells what the kernel gave up, and is one finding for all who try', () => {
    const kernel = silent({ key: 'k', cause: 'timed-out', errno: 'ETIMEDOUT', waitedMs: 127_000, perSec: 1 });
    const other = silent({
      key: 'o',
      process: proc({ pid: 9, comm: 'curl', exe: '/usr/bin/curl' }),
      program: 'curl',
    });
    const findings = reported('no-answer', { failures: [kernel, silent(), other] });
    expect(findings).toHaveLength(1);
    expect(findings[0]?.title).toMatch(/33\.0 attempts\/s, .* by several programs$/);
  });

  it('says so when some get through', () => {
    const actors = [actor({ openPerSec: 84 }), actor({ ...OTHER, key: 'o', openPerSec: 1000 })];
    expect(reported('no-answer', { failures: [silent()], actors })[0]?.title).toContain(
      'does not always answer: 16.0 of 100 attempts/s',
    );
  });

  it('tells timeouts below 0.9 s when nobody gets through', () => {
    expect(reported('no-answer', { failures: [brief()] })[0]?.title).toContain('given up after 0.5 s');
    const elsewhere = actor({ ...OTHER, process: brief().process, program: brief().program });
    expect(reported('no-answer', { failures: [brief()], actors: [elsewhere] })).toHaveLength(1);
  });

  it.each<[string, Partial<FailureRow>, Partial<Actor>[]]>([
    ['somebody gets through', {}, [{}]],
    ['they are cancelled soon after their start', { waitedMs: 20 }, []],
    ['they are few', { count: 19 }, []],
    ['they are rare', { perSec: 1 }, []],
    ['they were all cancelled at once', { firstSeen: NOW - 300, lastSeen: NOW }, []],
    [
      'the program gets through at the other address of a name',
      { destination: { address: '2001:db8::1', port: 8080 }, waitedMs: 250 },
      [{ process: brief().process, program: brief().program }],
    ],
  ])('is silent on such ones when %s', (_, parts, opened) => {
    const actors = opened.map((one) => actor(one));
    expect(reported('no-answer', { failures: [brief(parts)], actors })).toEqual([]);
  });

  it('is silent on one health check in ten seconds', () => {
    const failures = [silent({ perSec: 0.1, unansweredPerSec: 0.1, count: 90, unanswered: 90 })];
    expect(reported('no-answer', { failures })).toEqual([]);
  });
});

describe('syn-loss', () => {
  const lossy = (parts: Partial<Actor> = {}) =>
    actor({ openPerSec: 10, opened: 900, slowPerSec: 0.8, slowConnects: 70, ...parts });

  it('warns from one slow connect in twenty on, of all programs of a namespace together', () => {
    const [finding, ...rest] = reported('syn-loss', {
      actors: [lossy(), lossy({ key: 'b', slowPerSec: 0.4 }), lossy({ ...OTHER, key: 'o', slowPerSec: 0 })],
    });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'medium', destination: PLACE });
    expect(finding?.title).toMatch(/^6 % of the connects to 10\.0\.0\.9:8080 take a second or longer/);
  });

  it.each<[string, Partial<Actor>]>([
    ['a healthy destination', { slowPerSec: 0 }],
    ['a few of many', { openPerSec: 100, slowPerSec: 4 }],
    ['less than twenty connects', { openPerSec: 1.9, slowPerSec: 0.5 }],
    ['two that may be chance', { openPerSec: 2, slowPerSec: 0.2 }],
    ['a way on which every connect is slow', { slowPerSec: 10, slowConnects: 900 }],
    ['what was accepted', { direction: 'in' }],
  ])('is silent on %s', (_, parts) => {
    expect(reported('syn-loss', { actors: [lossy(parts)] })).toEqual([]);
  });
});

describe('bind-failure', () => {
  const web = { address: '0.0.0.0', port: 80 };
  const refused = (parts: Partial<FailureRow> = {}) =>
    failure({
      call: 'bind',
      cause: 'port-in-use',
      errno: 'EADDRINUSE',
      destination: web,
      budget: null,
      direction: null,
      perSec: 2,
      count: 40,
      ...parts,
    });
  const nginx = (parts: Partial<Actor> = {}) =>
    actor({
      direction: 'in',
      destination: { address: '10.0.0.1', port: 80 },
      process: proc({ pid: 80, comm: 'nginx' }),
      program: 'nginx',
      ...parts,
    });

  it('names who has the port, by the address and the namespace', () => {
    const title = (actors: Actor[]) => reported('bind-failure', { failures: [refused()], actors })[0]?.title;
    expect(title([nginx()])).toBe(
      'bind() of java (pid 77) asks for 0.0.0.0:80, which nginx (pid 80) has: 2.0/s fail (EADDRINUSE)',
    );
    const unknown = 'bind() of java (pid 77) asks for 0.0.0.0:80, which is in use: 2.0/s fail (EADDRINUSE)';
    expect(title([nginx(OTHER), nginx({ destination: { address: '10.0.0.1', port: 81 } })])).toBe(unknown);
    expect(title([nginx({ process: proc({ pid: 77, comm: 'java' }) })])).toBe(unknown);
  });

  it('says where to look, in the right namespace', () => {
    const at = (parts: Partial<Tables>) =>
      reported('bind-failure', { failures: [refused()], ...parts })[0]?.doNow;
    expect(at({})?.[0]?.command).toBe("ss -tanp 'sport = :80'");
    expect(at({ totals: [totals({ name: 'blue' })] })?.[0]?.command).toBe(`${INSIDE}ss -tanp 'sport = :80'`);
    expect(at({ totals: [] })?.[0]).toMatchObject({
      command: null,
      effect: expect.stringContaining('ss -tanp'),
    });
  });

  it('reserves a port that a connection may have been given, in its namespace, beside what is reserved', () => {
    const destination = { address: '0.0.0.0', port: 40_000 };
    const use = { reserved: [[9000, 9001]], listening: [] } as const;
    const given = (name: string) => ({ failures: [refused({ destination })], totals: [totals({ name })] });
    const advice = (name: string, portsOf: Facts['portsOf'] = () => use) =>
      reported('bind-failure', given(name), { portsOf })[0]?.doNow[1];
    expect(advice('host')).toMatchObject({
      command: 'sysctl -w net.ipv4.ip_local_reserved_ports="9000-9001,40000"',
      undo: 'sysctl -w net.ipv4.ip_local_reserved_ports="9000-9001"',
    });
    expect(advice('blue')?.command).toMatch(
      /^nsenter --net="\$\(find [^"]*\)" sysctl -w net\.ipv4\.ip_local_reserved_ports="9000-9001,40000"$/,
    );
    expect(advice('host', () => null)).toBeUndefined();
    expect(advice('host', () => ({ reserved: [[39_000, 41_000]], listening: [] }))).toBeUndefined();
  });

  it('tells a port that one may not have, and is info for a call that fails once', () => {
    const [finding] = reported('bind-failure', {
      failures: [refused({ cause: 'not-permitted', errno: 'EACCES', perSec: 0.1, count: 1 })],
    });
    expect(finding?.severity).toBe('info');
    expect(finding?.doNow.map(({ command }) => command)).toEqual([
      'sysctl net.ipv4.ip_unprivileged_port_start',
    ]);
    expect(finding?.title).toContain('may not have 0.0.0.0:80, a port for privileged programs');
    expect(finding?.fixForGood[0]?.snippet).toContain('CAP_NET_BIND_SERVICE');
  });

  it('leaves an address that is not here, and a pool without ports, to their own rules', () => {
    const failures = [refused({ cause: 'foreign-address' }), refused({ cause: 'bind-pool-exhausted' })];
    expect(reported('bind-failure', { failures })).toEqual([]);
  });
});

describe('port-scan', () => {
  const ports = (count: number, parts: Partial<FailureRow> = {}) =>
    Array.from({ length: count }, (_, i) =>
      failure({
        key: `f${i}`,
        cause: 'refused',
        errno: 'ECONNREFUSED',
        budget: null,
        count: 1,
        perSec: 6,
        destination: { address: '10.0.0.7', port: 1000 + i },
        ...parts,
      }),
    );

  it('is one finding for all ports, and no retry-storm', () => {
    const failures = ports(200);
    const [finding, ...rest] = reported('port-scan', { failures });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ severity: 'warning', destination: { address: '10.0.0.7', port: null } });
    expect(finding?.title).toMatch(/^java \(pid 77\) is refused at 200 ports of 10\.0\.0\.7, /);
    expect(reported('retry-storm', { failures })).toEqual([]);
  });

  it.each([
    ['of another host there', '10.0.0.7', 'ss -Htlnp'],
    ['of a loopback address in its namespace', '127.0.0.1', `${INSIDE}ss -Htlnp`],
  ])('looks for listeners %s', (_, address, command) => {
    const failures = ports(20).map((row, i) => ({ ...row, destination: { address, port: 1000 + i } }));
    const [finding] = reported('port-scan', { failures, totals: [totals({ name: 'blue' })] });
    expect(finding?.doNow.map((one) => one.command)).toEqual([command]);
  });

  it('is silent on seven ports, on old refusals, and on as many hosts', () => {
    expect(reported('port-scan', { failures: ports(7) })).toEqual([]);
    expect(reported('port-scan', { failures: ports(20, { lastSeen: NOW - 40_000 }) })).toEqual([]);
    const hosts = ports(20).map((row, i) => ({ ...row, destination: { address: `10.0.1.${i}`, port: 80 } }));
    expect(reported('port-scan', { failures: hosts })).toEqual([]);
  });
});
